/* Garments that come from outside: a recipe in the address, a PNG dropped on the page. */
(() => {
const MOST_BYTES = 8_000_000, MOST_CHARACTERS = 6000, MOST_RECIPES = 20, UNSEEN = ['blend', 'learn', 'replay', 'game', 'collection', 'photo'];

const whyNot = ({ why }) => why ? trama.word('recipe_why', { reason: trama.reason({ reason: why }) }) : '';
trama.refusalOf = answer => trama.word(`recipe_${answer.reason}`, { detail: whyNot(answer) }).trim();

/* What is no whole recipe says nothing of any garment: the one in hand stays. */
function tellCut() {
  const { garment } = trama;
  trama.tell('link_cut', () => ({ name: trama.nameOf(garment) }));
  return false;
}
/* Where there is no such garment here, the nearest is shown in its place; or nothing changes, and
   `refused` is told why. False if the text is no recipe. */
trama.openRecipe = async (recipe, refused, screen = 'wardrobe') => {
  if (recipe.length > MOST_CHARACTERS) return refused ? refused({ reason: 'malformed' }) : tellCut();
  const [, model, digest] = recipe.split('~');
  if (digest && `${model}~${digest}` !== trama.key()) trama.say(trama.word('fetching', { id: model }));
  const answer = await trama.ask(trama.server.open, { recipe });
  if (!answer) return;
  if (answer.model) return trama.useModel(answer.model, screen, recipe);
  if (answer.reason && refused) return refused(answer);
  if (answer.reason === 'malformed') return tellCut();
  const [garment] = trama.take(answer);
  trama.forgetDye(garment);                              // it comes in the dye of its recipe
  trama.choose(garment);
  if (answer.reason) trama.tell(`recipe_${answer.reason}`, () => ({ detail: [whyNot(answer), trama.word('recipe_near', { name: trama.nameOf(garment) })].filter(Boolean).join(' ') }));
  else {
    trama.calm();
    trama.say(trama.word('shown', { name: trama.nameOf(garment) }));
  }
};

/* Text chunks of a PNG (ISO/IEC 15948, 11.3.4), none of its pixels: the file stays in the browser. */
function stampOf(bytes) {
  const view = new DataView(bytes.buffer), text = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 20 || view.getUint32(0) !== 0x89504e47) return null;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at), kind = text(at + 4, at + 8), start = at + 8;
    if (kind === 'tEXt' && length < MOST_RECIPES * (MOST_CHARACTERS + 1) + 10 && text(start, start + 6) === 'trama\0') return text(start + 6, start + length);
    at += length + 12;
  }
  return null;
}

function openPhoto(file, name) {                         // a picture without a recipe is one to be read
  trama.calm();
  trama.turnTo('photo');
  trama.emit('open-photo', file);
  trama.note(trama.word('file_is_photo', { name }));
}
/* Whether a file says that it is a picture, or is one: of a photo there is much that its own screen can tell. */
async function isPicture(file) {
  if (file.type.startsWith('image/')) return true;
  try { (await createImageBitmap(file)).close(); return true; } catch { return false; }
}
trama.openFile = async file => {
  const name = file.name.slice(0, 80), large = file.size > MOST_BYTES, recipe = large ? null : stampOf(new Uint8Array(await file.arrayBuffer()));
  if (recipe === null && await isPicture(file)) return openPhoto(file, name);
  if (recipe === null) return trama.tell(large ? 'file_too_large' : 'file_without_recipe', { name, most: MOST_BYTES / 1e6 });
  const line = recipe.split('\n');                         // a lookbook holds a recipe a line
  if (line.length > 1 && trama.setup.screens.includes('line')) trama.emit('open-line', { line });
  else await trama.openRecipe(line[0]);
};

/* Opens something, and goes to where a new garment can be seen; says whether there is one. */
trama.openAndShow = async open => {
  const before = trama.garment;
  await open();
  if (trama.garment === before) return false;
  if (UNSEEN.includes(document.body.dataset.screen)) trama.turnTo('wardrobe');
  return true;
};

addEventListener('dragover', event => { if (event.dataTransfer?.types.includes('Files')) event.preventDefault(); });
addEventListener('drop', event => {
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  event.preventDefault();
  trama.openAndShow(() => trama.openFile(file));
});

/* The recipe of the address that the page was opened by, if that is of a screen. */
const arrived = location.hash.slice(1), linked = new URLSearchParams(location.search).get('r');
trama.linkedTo = screen => arrived === screen ? linked : null;
const without = field => {
  const query = new URLSearchParams(location.search);
  query.delete(field);
  const text = trama.queryText(query);
  return location.pathname + (text && `?${text}`);
};
trama.openAddress = async () => {
  if (linked === null) return;
  const before = trama.garment, cut = await trama.openRecipe(linked, undefined, arrived === 'blend' ? 'blend' : 'wardrobe') === false;
  if (cut) history.replaceState(history.state, '', without('r') + location.hash);   // a reload would only say it again
  if (arrived === 'blend' && (cut || trama.garment !== before) && !trama.blendOf(linked)) trama.turnTo('wardrobe');
};
})();
