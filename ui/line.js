/* Line: one seed, a garment of every class, dyed from one palette; a roll leaves what is locked. */
(() => {
const { $, $$, setup } = trama, first = props.first, root = element;
const ten = $('ten', root), seed = $('seed', root), daring = $('daring', root), palette = $('palette', root), roll = $('roll', root);
const LAST = ['Bag', 'Sandal', 'Sneaker', 'Boot'], FIELDS = ['line', 'daring', 'dyes', 'locks', 'model'];
const here = { seed: first.seed, dyes: [...first.dyes], locks: new Set(), garments: [], link: null };
const wanted = { seed: first.seed, daring: first.daring };

/* what the line wears */
const dyeAt = i => { const pattern = first.patterns[here.dyes.length - 1]; return here.dyes[pattern[i % pattern.length]]; };
const recipeAt = i => setup.dyed ? `${trama.bare(here.garments[i].recipe)}~${dyeAt(i)}` : here.garments[i].recipe;
const recipes = () => here.garments.map((_, i) => recipeAt(i));
const dyes = () => trama.list(here.dyes.map(name => trama.word(name)));
const lineOf = () => trama.word('line_of', { seed: trama.seedWord(here.seed) });
const usualTitle = () => setup.dyed ? dyes().replace(/^./, letter => letter.toUpperCase()) : lineOf();
trama.line = {                                           // what the lookbook below shows
  recipes, usualTitle,
  names: () => here.garments.map(trama.nameOf),
  seed: () => here.seed,
};

/* pieces */
const fromPhoto = () => typeof here.seed === 'string';
const isOpen = i => !here.locks.has(i);
const order = () => {
  const rank = i => LAST.indexOf(setup.classes[here.garments[i].label].en);
  return here.garments.map((_, i) => i).sort((a, b) => rank(a) - rank(b));
};
const take = i => {                                      // a piece into the hand, as it is dyed here
  if (setup.dyed) trama.setDye(here.garments[i], dyeAt(i));
  trama.choose(here.garments[i]);
};
function drawPiece(item, i) {
  const garment = here.garments[i], name = trama.nameOf(garment), kind = trama.kindOf(garment), locked = !isOpen(i);
  const [open, lock] = $$('button', item), canvas = $$('canvas', item)[0], recipe = recipeAt(i);
  item.classList.toggle('stays', locked);
  open.setAttribute('aria-label', trama.word('line_open', { name }));
  open.onclick = () => {
    take(i);
    trama.turnTo('wardrobe');
    trama.say(trama.word('shown', { name }));
  };
  $$('.what span', item)[0].textContent = kind;
  $$('small', item)[0].textContent = garment.seed === here.seed ? '' : trama.seedWord(garment.seed);
  lock.setAttribute('aria-label', trama.word('line_lock', { name: kind }));
  lock.setAttribute('aria-pressed', locked);
  lock.title = trama.word('line_lock_tip');
  $$('use', lock)[0].setAttribute('href', locked ? '#i-lock' : '#i-unlock');
  lock.onclick = () => { locked ? here.locks.delete(i) : here.locks.add(i); draw(); };
  if (item.shown === recipe) return;                     // each dyed canvas costs milliseconds
  item.shown = recipe;
  trama.show(canvas, { pixels: garment.pixels, area: trama.areaOf(garment), ramp: setup.dyes[dyeAt(i)] });
}
function draw() {
  const count = here.garments.length, own = here.garments.filter(garment => garment.seed === here.seed).length;
  const free = here.garments.filter((_, i) => isOpen(i)).length;
  while (ten.children.length < count) ten.append($('piece', root).content.cloneNode(true));
  while (ten.children.length > count) ten.lastChild.remove();
  order().forEach((i, place) => drawPiece(ten.children[place], i));
  $('title', root).textContent = lineOf();
  $('lead', root).textContent = own === count ? trama.word(count === 10 ? 'line_lead' : 'line_lead_any')
    : trama.word(fromPhoto() ? 'line_lead_photo' : 'line_lead_mixed', { count: own, all: count, seed: here.seed });
  $('film', root).hidden = !setup.screens.includes('replay');
  $('roll-text', root).textContent = trama.word(!free ? 'line_roll_none' : free === count ? 'line_roll_all' : free === 1 ? 'line_roll_one' : 'line_roll', { count: free });
  for (const control of [roll, seed, daring]) control.disabled = !free;
  trama.press([...palette.children], b => here.dyes.includes(b.dataset.dye));
  $('keep', root).setAttribute('aria-pressed', trama.store.hasLine(recipes()));
  if (trama.line.plain()) trama.remember('line', { link: here.link, line: trama.line.link().split('?')[1] });
  trama.emit('line');
}
function drawDaring() {
  daring.value = wanted.daring;
  trama.fill(daring);
  $('daring-value', root).textContent = trama.number(wanted.daring, 2);
}

/* rolling */
const askLine = trama.latest(trama.server.line, (answer, asked, settled) => {
  const fresh = trama.take(answer), before = recipes();
  here.garments = fresh.map((garment, i) => isOpen(i) ? garment : here.garments[i] ?? garment);
  here.seed = asked.seed;
  draw();
  if (settled) trama.say(trama.word(fromPhoto() ? 'line_done_photo' : 'line_done', { count: recipes().filter((recipe, i) => recipe !== before[i]).length, seed: here.seed }));
}, busy => ten.setAttribute('aria-busy', busy));
const refresh = () => { seed.value = trama.seedField(wanted.seed); drawDaring(); askLine({ ...wanted }); };

/* lines that come from elsewhere: the wardrobe, a link, the collection */
function lay(answer) {
  here.garments = trama.take(answer);
  here.locks = new Set(answer.locks);
  if (answer.dyes.length) here.dyes = [...answer.dyes];
  const lead = here.garments.find((_, i) => isOpen(i)) ?? here.garments[0];
  here.seed = wanted.seed = lead.seed;
  seed.value = trama.seedField(lead.seed);
  wanted.daring = lead.daring;
  drawDaring();
  draw();
}
trama.on('open-line', async ({ seed, daring, line }) => {
  trama.turnTo('line');
  if (!line) {
    here.locks.clear();
    Object.assign(wanted, { seed, daring: daring ?? wanted.daring });
    return refresh();
  }
  const answer = await trama.ask(server.kept_line, { recipes: line });
  if (!answer) return;
  lay(answer);
  trama.say(trama.word('line_opened', { seed: trama.seedWord(here.seed) }));
});
async function openLink(query) {
  const answer = await trama.ask(server.linked_line, Object.fromEntries(FIELDS.map(field => [field, query.get(field)])));
  if (!answer) return;
  here.link = link;
  lay(answer);
  const seed = trama.seedWord(here.seed);
  if (answer.reason) trama.tell(`recipe_${answer.reason}`, () => ({ detail: trama.word('recipe_near', { name: trama.word('line_of', { seed }) }) }));
  else trama.say(trama.word('line_opened', { seed }));
}

/* One seed and one daring where all share them, else one for each class: ui/line_link.py reads it. */
trama.line.link = () => {
  const { garments, locks } = here, once = values => new Set(values).size === 1 ? values.slice(0, 1) : values;
  const fields = [`line=${once(garments.map(garment => garment.seed)).join('.')}`];
  if (setup.daring) fields.push(`daring=${once(garments.map(garment => garment.daring))}`);
  if (setup.dyed) fields.push(`dyes=${here.dyes}`);
  if (locks.size) fields.push(`locks=${[...locks].sort((a, b) => a - b)}`);
  return trama.address([...fields, `model=${setup.model.name}~${setup.model.digest}`].join('&'));
};
/* A line that holds blended or edited garments, or some from a picture, has no such link. */
trama.line.plain = () => here.garments.length === setup.classes.length
  && here.garments.every((garment, i) => garment.label === i && typeof garment.seed === 'number' && garment.parts === 1 && !Object.keys(garment.edits).length);

function choose(name) {
  const at = here.dyes.indexOf(name);
  if (at < 0) here.dyes = [...here.dyes, name].slice(-first.most_dyes);
  else if (here.dyes.length > 1) here.dyes.splice(at, 1);
  else return trama.say(trama.word('palette_one'));
  draw();
  trama.say(trama.word('palette_set', { dyes: dyes() }));
}

roll.onclick = () => { wanted.seed = trama.randomSeed(); refresh(); };
seed.onchange = () => { wanted.seed = trama.readSeed(seed, here.seed); refresh(); };
daring.oninput = () => { wanted.daring = Number(daring.value); refresh(); };
$('keep', root).onclick = () => trama.keepLine(recipes(), trama.line.title());
$('film', root).onclick = () => {                        // of the piece in hand, or of the first of this line's seed
  const held = here.garments.findIndex(garment => trama.garment && trama.same(garment, trama.garment));
  take(held >= 0 ? held : order().find(i => here.garments[i].seed === here.seed) ?? order()[0]);
  trama.turnTo('replay');
};
$('daring-row', root).hidden = !setup.daring;
if (setup.daring) daring.max = setup.daring.most;
trama.on('collection', draw);

/* What was done to a line of a link is remembered with it: a reload of the same address goes on from there. */
const query = new URLSearchParams(location.search), linked = query.has('line'), kept = trama.recall('line');
const link = linked ? FIELDS.map(field => query.get(field)).join() : null;
here.garments = trama.take(first.line);
seed.value = first.seed;
trama.lookbook(root, server, first);
trama.mount(root, () => {
  trama.dyeButtons(palette, () => null);
  for (const b of palette.children) b.onclick = () => choose(b.dataset.dye);
  drawDaring();
  draw();
});
if (linked && !location.hash) trama.turnTo('line');
if (typeof kept?.line === 'string' && kept.link === link) openLink(new URLSearchParams(kept.line));
else if (linked) openLink(query);
})();
