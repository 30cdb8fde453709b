/* What a visitor keeps: garments by their recipe, in this browser and nowhere else; and their links. */
(() => {
const KEY = 'trama.collection.1', MOST = 500;
const isText = value => typeof value === 'string';
let kept = (() => {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(stored) ? stored.filter(entry => isText(entry?.recipe) || isText(entry?.name) && Array.isArray(entry.line) && entry.line.every(isText)) : [];
  } catch { return []; }
})();

const bare = recipe => recipe.slice(0, recipe.lastIndexOf('~'));
function write(next) {
  kept = next.slice(0, MOST);
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* private window: kept until it is closed */ }
  trama.emit('collection');
}

const today = () => new Date().toISOString().slice(0, 10);
const isGarment = recipe => entry => !!entry.recipe && bare(entry.recipe) === bare(recipe);
const isLine = line => entry => !!entry.line && entry.line.join() === line.join();

/* An entry is a garment, {recipe, born, parents}: the day it was kept, and the recipes that it was made of;
   or a line, {line: recipes, name, born}, which is another one in other dyes. */
trama.store = {
  list: () => kept,
  has: garment => kept.some(isGarment(garment.recipe)),
  hasLine: line => kept.some(isLine(line)),
  add: (garment, parents = garment.parents ?? []) => write([{ recipe: trama.recipe(garment), born: today(), parents }, ...kept]),
  addLine: (line, name) => write([{ line, name, born: today() }, ...kept]),
  remove: recipe => write(kept.filter(entry => !isGarment(recipe)(entry))),
  removeLine: line => write(kept.filter(entry => !isLine(line)(entry))),
  replace: write,
};
trama.keep = garment => {
  const had = trama.store.has(garment);
  had ? trama.store.remove(garment.recipe) : trama.store.add(garment);
  trama.say(trama.word(had ? 'unkept' : 'kept', { name: trama.nameOf(garment) }));
};
trama.keepLine = (line, name) => {
  const had = trama.store.hasLine(line);
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
trama.copyLink = (button, garment) => {
  const link = trama.link(trama.recipe(garment));
  return trama.copyText(button, link, trama.word('link_copied', { name: trama.nameOf(garment) }), trama.word('link_by_hand', { link }));
};

/* The recipe's letters may all stand in a query but %, which escapes others. */
trama.address = query => `${trama.setup.address ?? location.origin + location.pathname}?${query}`;
trama.link = recipe => trama.address(`r=${recipe.replaceAll('%', '%25')}`);
})();
