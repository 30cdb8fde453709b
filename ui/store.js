/* What a visitor keeps: garments by their recipe, in this browser and nowhere else; and their links. */
(() => {
const KEY = 'trama.collection.1', MOST = 500, MOST_CHARACTERS = 6000, MOST_PARENTS = 8, MOST_PIECES = 20, MOST_NAME = 80;
const today = () => new Date().toISOString().slice(0, 10);
const isText = (value, most = MOST_CHARACTERS) => typeof value === 'string' && value.length > 0 && value.length <= most;
const isList = (value, most) => Array.isArray(value) && value.length <= most && value.every(item => isText(item));
const isCalled = value => isText(value, MOST_NAME) && /^.+\.\d{1,2}$/.test(value);
/* What is known of an entry and nothing else; null if it is none. */
function read(entry) {
  if (!entry || typeof entry !== 'object') return null;
  const born = /^\d{4}-\d\d-\d\d$/.test(entry.born) && !isNaN(Date.parse(entry.born)) ? entry.born : today();
  if (isText(entry.recipe)) {
    const { recipe, called, completed } = entry, parents = entry.parents ?? [];
    if (!isList(parents, MOST_PARENTS) || called !== undefined && !isCalled(called)) return null;
    return { recipe, born, parents, ...called && { called }, ...completed === true && { completed } };
  }
  return isList(entry.line, MOST_PIECES) && entry.line.length && isText(entry.name, MOST_NAME) ? { line: entry.line, name: entry.name, born } : null;
}
const stored = () => {
  try {
    const list = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(list) ? list.map(read).filter(Boolean) : [];
  } catch { return []; }
};
let kept = stored();
addEventListener('storage', event => {                   // another tab of this browser kept something
  if (event.key !== KEY) return;
  kept = stored();
  trama.emit('collection');
});

let told = false;
function forbidden() {                                   // a private window, or a full one: kept until it is closed
  if (!told) trama.tell('not_stored');
  told = true;
}
function write(next) {
  kept = next;
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { forbidden(); }
  trama.emit('collection');
}

const isGarment = recipe => entry => !!entry.recipe && trama.bare(entry.recipe) === trama.bare(recipe);
const isLine = line => entry => !!entry.line && entry.line.join() === line.join();

let index = { of: null };                                // entries of garments by their recipe, without its dye
function find(recipe) {
  if (index.of !== kept) index = { of: kept, entries: new Map(kept.filter(entry => entry.recipe).reverse().map(entry => [trama.bare(entry.recipe), entry])) };
  return index.entries.get(trama.bare(recipe));
}

/* An entry is a garment, {recipe, born, parents}: the day it was kept, and the recipes that it was made of;
   of a child also what it is `called`, and of one that was filled in `completed`, for no recipe tells that;
   or a line, {line: recipes, name, born}, which is another one in other dyes. */
trama.store = {
  list: () => kept,
  has: garment => kept.some(isGarment(garment.recipe)),
  hasLine: line => kept.some(isLine(line)),
  find,
  add: garment => write([{
    recipe: trama.recipe(garment), born: today(), parents: garment.parents ?? [],
    ...isCalled(garment.called) && { called: garment.called }, ...garment.completed && { completed: true },
  }, ...kept]),
  addLine: (line, name) => write([{ line, name, born: today() }, ...kept]),
  remove: recipe => write(kept.filter(entry => !isGarment(recipe)(entry))),
  removeLine: line => write(kept.filter(entry => !isLine(line)(entry))),
  replace: write, read, most: MOST,
};
/* Whether there is room for another; if not, it says so: nothing that was kept gives way unasked. */
trama.room = name => {
  if (kept.length < MOST) return true;
  trama.tell('collection_full', { name, most: MOST });
  return false;
};
/* A kept garment that is dyed anew is kept in that dye, or a reload would bring the old one back. */
trama.on('dye', garment => {
  const entry = find(garment.recipe), recipe = trama.recipe(garment);
  if (entry && entry.recipe !== recipe) write(kept.map(other => other === entry ? { ...entry, recipe } : other));
});
trama.keep = garment => {
  const had = trama.store.has(garment);
  if (!had && !trama.room(trama.nameOf(garment))) return;
  had ? trama.store.remove(garment.recipe) : trama.store.add(garment);
  trama.say(trama.word(had ? 'unkept' : 'kept', { name: trama.nameOf(garment) }));
};
trama.keepLine = (line, name) => {
  const had = trama.store.hasLine(line);
  if (!had && !trama.room(name)) return;
  had ? trama.store.removeLine(line) : trama.store.addLine(line, name);
  trama.say(trama.word(had ? 'unkept' : 'kept', { name }));
};
trama.heart = (button, garment) => {                     // a button that shows and changes whether a garment is kept
  const kept = trama.store.has(garment);
  button.setAttribute('aria-pressed', kept);
  button.setAttribute('aria-label', trama.word('keep', { name: trama.nameOf(garment) }));
  button.onclick = () => trama.keep(garment);
};

const copied = async text => {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* not over plain HTTP, nor in every frame */ }
  const field = document.createElement('textarea'), focused = document.activeElement;
  field.className = 'vh';
  field.value = text;
  (document.querySelector('dialog[open]') ?? document.querySelector('.trama')).append(field);
  field.select();
  try { return document.execCommand('copy'); } catch { return false; } finally { field.remove(); focused?.focus(); }
};
trama.copyText = async (button, text, done, byHand) => {  // told by a tick on the button, and in words
  if (!await copied(text)) return trama.warn(byHand);
  const icon = button.querySelector('use');
  button.icon ??= icon.getAttribute('href');
  trama.say(done);
  icon.setAttribute('href', '#i-check');
  clearTimeout(button.turned);
  button.turned = setTimeout(() => icon.setAttribute('href', button.icon), 2000);
};
trama.copyLink = (button, garment, screen) => {
  const link = trama.link(trama.recipe(garment)) + (screen ? `#${screen}` : '');
  return trama.copyText(button, link, trama.word('link_copied', { name: trama.nameOf(garment) }), trama.word('link_by_hand', { link }));
};

/* The recipe's letters may all stand in a query but %, which escapes others. */
trama.address = query => `${trama.setup.address ?? location.origin + location.pathname}?${query}`;
trama.link = recipe => trama.address(`r=${recipe.replaceAll('%', '%25')}`);
})();
