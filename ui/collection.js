/* Collection: what the visitor keeps, newest first; a tap opens it where it was made. */
(() => {
const { $, $$, setup } = trama, first = props.first, root = element;
const garments = $('garments', root), lines = $('lines', root), undone = $('undone', root);
const known = new Map();                                 // by recipe: a garment, or {refused: reason, error}
const here = { removed: null, asking: false };

const seen = () => document.body.dataset.screen === 'collection';
function wear(garment) {
  trama.choose(garment);
  trama.turnTo('wardrobe');
  trama.say(trama.word('shown', { name: trama.nameOf(garment) }));
}

/* Garments of recipes, asked for by as many as one request may hold; each is asked for once. */
async function open(recipes) {
  const missing = [...new Set(recipes)].filter(recipe => !known.has(recipe));
  for (let at = 0; at < missing.length; at += first.most_opened) {
    const asked = missing.slice(at, at + first.most_opened), answer = await trama.ask(server.open_many, { recipes: asked });
    if (!answer) return false;
    trama.take(answer).forEach((garment, i) => known.set(asked[answer.places[i]], garment));
    for (const { place, reason, error } of answer.refused) known.set(asked[place], { refused: reason, error });
  }
  return true;
}
function readable(recipe) {                              // with what its recipe does not tell
  const garment = known.get(recipe), { parents = [], called, completed } = trama.store.find(recipe) ?? {};
  return garment && !garment.refused ? { ...garment, parents, called, completed } : null;
}
const reasonOf = ({ refused, error }) => {
  const key = `recipe_${refused}`, word = trama.word(key, { detail: '' });
  return word === key ? error : word.trim();
};

/* what was taken out may come back where it was */
function nameOfEntry({ name, recipe, called }) {           // of one that was taken out, too
  const garment = known.get(recipe);
  return name ?? (garment && !garment.refused ? trama.nameOf({ ...garment, called }) : trama.word('piece'));
}
const isKept = entry => entry.line ? trama.store.hasLine(entry.line) : trama.store.has(entry);
function drawUndone() {
  if (here.removed && isKept(here.removed.entry)) here.removed = null;   // somebody kept it again
  undone.hidden = !here.removed;
  if (here.removed) undone.firstChild.textContent = trama.word('unkept', { name: nameOfEntry(here.removed.entry) });
}
function remove(entry) {
  here.removed = { entry, at: trama.store.list().indexOf(entry) };
  entry.line ? trama.store.removeLine(entry.line) : trama.store.remove(entry.recipe);
}
$('undo', root).onclick = () => {
  const { entry, at } = here.removed, list = [...trama.store.list()], name = nameOfEntry(entry);
  if (!trama.room(name)) return;
  list.splice(at, 0, entry);
  trama.store.replace(list);
  trama.say(trama.word('kept', { name }));
  $$('button', entry.line ? lines : garments)[0]?.focus({ preventScroll: true });
};

function drawGarment(item, entry) {
  const garment = known.get(entry.recipe), [tile, heart, kin] = $$('button', item), canvas = $$('canvas', item)[0], why = $$('.why', item)[0];
  const good = readable(entry.recipe), name = good ? trama.nameOf(good) : trama.word('piece');
  canvas.hidden = !good;
  why.hidden = !garment?.refused;
  why.textContent = garment?.refused ? reasonOf(garment) : '';
  const [kind, story] = $$('.no>*', item);
  kind.textContent = good ? trama.kindOf(good) : '';
  story.textContent = good ? trama.storyOf(good, true) : '';
  tile.title = good ? `${kind.textContent} · ${story.textContent}` : '';
  tile.setAttribute('aria-label', garment?.refused ? why.textContent : trama.word('open', { name }));
  tile.setAttribute('aria-disabled', !good);
  tile.onclick = () => { if (good) wear(good); };
  heart.setAttribute('aria-pressed', true);
  heart.setAttribute('aria-label', trama.word('remove', { name }));
  heart.onclick = () => {
    remove(entry);
    $('undo', root).focus({ preventScroll: true });
  };
  kin.hidden = !good;
  kin.title = trama.word('family_tip');
  kin.setAttribute('aria-label', trama.word('family_of', { name }));
  kin.setAttribute('aria-pressed', tree.shows(entry.recipe));
  kin.onclick = () => {
    tree.choose(entry.recipe);
    trama.bring($('stage', root), 'start');
    if (root.getBoundingClientRect().width <= 900) $('wear', root).focus({ preventScroll: true });
  };
  if (good) trama.show(canvas, trama.picture(good));
}
function drawLine(item, entry) {
  const [hang, heart] = $$('button', item), row = $$('.row', item)[0], pieces = entry.line.map(readable).filter(Boolean);
  $$('b', item)[0].textContent = entry.name;
  $$('small', item)[0].textContent = pieces.length < entry.line.length && entry.line.every(recipe => known.has(recipe))
    ? reasonOf(known.get(entry.line.find(recipe => !readable(recipe)))) : trama.date(entry.born);
  hang.setAttribute('aria-label', trama.word('open', { name: entry.name }));
  hang.setAttribute('aria-disabled', !pieces.length);
  hang.onclick = () => { if (pieces.length && setup.screens.includes('line')) trama.emit('open-line', { line: entry.line }); };
  heart.setAttribute('aria-label', trama.word('remove', { name: entry.name }));
  heart.onclick = () => { remove(entry); $('undo', root).focus({ preventScroll: true }); };
  while (row.children.length < pieces.length) {
    const canvas = document.createElement('canvas');
    canvas.className = 'cloth';
    row.append(canvas);
  }
  while (row.children.length > pieces.length) row.lastChild.remove();
  // A line wears its own palette, whatever one of its garments wears elsewhere.
  pieces.forEach((garment, i) => trama.show(row.children[i], {
    pixels: garment.pixels, area: trama.areaOf(garment),
    ramp: trama.mixRamps(garment.dyes.map(([name]) => setup.dyes[name]), garment.dyes.map(([, share]) => share)),
  }));
}
function fill(list, entries, template, drawOne) {
  while (list.children.length < entries.length) list.append($(template, root).content.cloneNode(true));
  while (list.children.length > entries.length) list.lastChild.remove();
  entries.forEach((entry, i) => drawOne(list.children[i], entry));
  list.hidden = !entries.length;
}
function draw() {
  if (!seen()) return;
  const all = trama.store.list(), single = all.filter(entry => entry.recipe), rows = all.filter(entry => entry.line);
  $('lead', root).textContent = !all.length ? '' : trama.word('kept_here', { what: [
    single.length && trama.word(single.length === 1 ? 'kept_one' : 'kept_count', { count: single.length }),
    rows.length && trama.word(rows.length === 1 ? 'kept_line_one' : 'kept_lines_count', { count: rows.length }),
  ].filter(Boolean).join(trama.word('kept_and')) });
  $('empty', root).hidden = !!all.length;
  $('lines-head', root).hidden = !rows.length;
  fill(garments, single, 'piece', drawGarment);
  fill(lines, rows, 'strip', drawLine);
  files.draw(single.map(entry => readable(entry.recipe)).filter(Boolean));
  tree.draw();
}
async function refresh() {
  if (!seen()) return;
  draw();
  const wanted = () => trama.store.list().flatMap(entry => entry.line ?? [entry.recipe]);
  if (here.asking || wanted().every(recipe => known.has(recipe))) return;
  here.asking = true;
  garments.setAttribute('aria-busy', true);
  const answered = await open(wanted());
  here.asking = false;
  garments.setAttribute('aria-busy', false);
  answered ? refresh() : draw();                         // something may have been kept meanwhile
}

const showRecipe = trama.recipeField($('recipe', root));
const tree = trama.keptTree(root, { open, readable, wear, showRecipe, remove, changed: draw });
const files = trama.keptFile(root, server, first);
trama.on('collection', drawUndone);
for (const event of ['collection', 'screen']) trama.on(event, refresh);
trama.on('dye', draw);
trama.dataset(root, server, first);
trama.mount(root, () => {
  const paste = $('paste', root);
  paste.placeholder = trama.word('paste');
  drawUndone();
  draw();
});
refresh();
})();
