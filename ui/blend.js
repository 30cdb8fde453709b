/* Blend: a place between four garments. The pad, the sliders and the fields move it; what they show
   on the way was computed before, and the garment itself is asked for when they rest. */
(() => {
const { $, $$, pair } = trama, first = props.first, root = element;
const LETTERS = ['a', 'b', 'c', 'd'], COARSE = 9, FINE = 17, LAYERS = 11, DRAFT = 420, SHEET = [0, .25, .5, .75, 1];
const big = $('big', root), mix = $('mix', root), shape = $('shape', root), pattern = $('pattern', root), sheet = $('sheet', root), heart = $('heart', root);

/* The place is `y` and one `x` for each kind of layer; `free` are shares that no place on the pad has,
   `own` a garment that is not on it; `exact` is the garment that the server made of `exactOf`. */
const here = { shape: first.place[0], pattern: first.place[0], y: first.place[1], free: null, own: null,
  square: trama.square(trama.decode(first.pixels), first.steps), squareOf: '', layers: null, layersOf: '', exact: null, exactOf: '' };

const seen = () => document.body.dataset.screen === 'blend';
const corners = () => LETTERS.map(letter => pair[letter]);
const recipes = () => corners().map(trama.recipe);
const bare = list => list.map(trama.bare).join();
const layersKey = () => `${bare(recipes())} ${here.y}`;
const x = () => (here.shape + here.pattern) / 2;
const shares = half => here.free?.[half] ?? trama.bilinear(here[half], here.y);
const mean = () => { const s = shares('shape'), p = shares('pattern'); return s.map((share, i) => (share + p[i]) / 2); };

function mixture() {                                     // what the server is asked for
  const digits = share => Math.round(share * 1e4) / 1e4, columns = ['shape', 'pattern'].map(half => shares(half).map(digits));
  const used = [0, 1, 2, 3].filter(i => columns.some(column => column[i])), all = recipes();
  const [shape, pattern] = columns.map(column => used.map(i => column[i]));
  return { recipes: used.map(i => all[i]), shape, pattern };
}
const exact = () => here.exact && here.exactOf === JSON.stringify(mixture()) ? here.exact : null;
const shown = () => here.own ?? exact();

/* words */
const percent = value => trama.word('blend_percent', { value });
function sharesText(shares) {
  const percents = trama.percents(shares);
  return LETTERS.flatMap((letter, i) => percents[i] ? `${letter.toUpperCase()} ${percent(percents[i])}` : []).join(', ');
}
const right = () => here.y === 0 ? 'B' : here.y === 1 ? 'D' : 'B+D';
function classShares() {
  const all = new Map();
  if (here.own) return here.own.classes;
  mean().forEach((share, i) => { for (const [label, part] of pair[LETTERS[i]].classes) all.set(label, (all.get(label) ?? 0) + share * part); });
  return [...all];
}

/* pictures */
function picture(pixels, shares, view) {
  const sum = of => shares.reduce((total, share, i) => total + share * of(pair[LETTERS[i]]), 0);
  return { pixels, view, area: sum(trama.areaOf), ramp: trama.mixRamps(corners().map(trama.rampOf), shares) };
}
function onTheWay() {
  const between = trama.view !== 'pixels', apart = here.shape !== here.pattern && here.layersOf === layersKey();
  return apart ? here.layers.at(here.pattern, here.shape, between) : here.square.at(x(), here.y, between);
}
function drawText(shares) {
  const alt = trama.setup.classes.length > 1 ? trama.drawClasses(root, classShares(), new Map(corners().map(g => [g.label, trama.dyeOf(g)]))) : sharesText(shares);
  big.setAttribute('aria-label', trama.word('blend_alt', { shares: alt }));
  const used = here.own ? [here.own] : corners().filter((_, i) => shares[i] >= .005), rest = document.createElement('span');
  rest.className = 'long';
  rest.textContent = used.slice(2).map(garment => ` + ${trama.seedWord(garment.seed)}`).join('');
  $('subtitle', root).replaceChildren(used.length > 1 ? trama.originsOf(used.slice(0, 2)) : trama.originOf(used[0]), rest);
  trama.percents(shares).forEach((value, i) => { if (fields[i] !== typing) fields[i].value = value; });
  for (const [name, range, way] of [['mix', mix, x()], ['shape', shape, here.shape], ['pattern', pattern, here.pattern]]) {
    const value = Math.round(way * 100);
    range.value = value;
    trama.fill(range);
    range.setAttribute('aria-valuetext', trama.word('share', { value, letters: right() }));
    // Between the rows it is a share of two garments: a letter for both would puzzle more than tell.
    $(`${name}-value`, root).textContent = right().length > 1 ? percent(value) : trama.word('share_short', { value, letters: right() });
  }
}
function drawGarment() {                                 // what can be done with it, once it is there
  const garment = shown();
  $('recipe', root).parentNode.setAttribute('aria-busy', !garment);
  if (!garment) {
    heart.setAttribute('aria-pressed', false);
    heart.onclick = () => whenShown(trama.keep);
    return;
  }
  trama.heart(heart, garment);
  $('recipe', root).textContent = trama.recipe(garment);
}
function draw() {
  const garment = shown(), now = mean();
  trama.show(big, garment ? trama.picture(garment, trama.view) : { ...picture(onTheWay(), now, trama.view), most: DRAFT });
  knobTo(x(), here.y);
  $('knob', root).setAttribute('aria-valuenow', Math.round(x() * 100));
  $('knob', root).setAttribute('aria-valuetext', sharesText(now));
  $('pad', root).classList.toggle('off', !!here.own);
  here.own || here.free || here.shape !== here.pattern ? reel.mark(9, 9) : reel.mark(x(), here.y);
  drawText(now);
  drawGarment();
}
let frame = 0;
const soon = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); };   // one picture a frame
const place = (x, y) => picture(here.square.at(x, y), trama.bilinear(x, y), 'smooth');
function drawAll() {
  $$('canvas', sheet).forEach((canvas, i) => trama.show(canvas, place(SHEET[i % 5], SHEET[Math.floor(i / 5)])));
  corner.draw();
  reel.draw();
  draw();
}

/* the server */
const askPad = trama.latest(server.pad, (answer, asked) => {
  if (bare(asked.recipes) !== bare(recipes())) return;   // of corners that were: the next answer is on its way
  const before = here.squareOf;
  here.square = trama.square(trama.decode(answer.pixels), asked.steps);
  here.squareOf = bare(asked.recipes);
  sheet.dataset.steps = asked.steps;
  sheet.setAttribute('aria-busy', false);
  if (here.squareOf !== before) drawAll();
  else if (asked.steps < FINE) { reel.draw(); draw(); }  // the finest changes nothing that stands still
  if (asked.steps < FINE) later(FINE, 300);
});
let pending = 0;
function later(steps, ms) {
  clearTimeout(pending);
  pending = setTimeout(() => { if (seen()) askPad({ recipes: recipes(), steps }); }, ms);
}
let layersAsked = '';
const askLayers = trama.latest(server.layers, (answer, asked) => {
  here.layers = trama.square(trama.decode(answer.pixels), asked.steps);
  here.layersOf = `${bare(asked.recipes)} ${asked.y}`;
  draw();
}, busy => { if (!busy) layersAsked = here.layersOf; });  // what failed may be asked for again
function prepare() {                                     // before a slider of the layers is moved
  if ([here.layersOf, layersAsked].includes(layersKey())) return;
  layersAsked = layersKey();
  askLayers({ recipes: recipes(), y: here.y, steps: LAYERS });
}
let waiting = [];
const askExact = trama.latest(trama.server.mix, (answer, asked) => {
  const [garment] = trama.take(answer);
  Object.assign(here, { exact: { ...garment, parents: asked.recipes }, exactOf: JSON.stringify(asked) });
  if (!exact()) return;
  draw();
  for (const act of waiting.splice(0)) act(here.exact);
}, busy => { if (!busy && !exact()) waiting = []; });    // after a failure they would run when nobody thinks of them any more
const settle = () => { if (seen() && !shown()) askExact(mixture()); };
function whenShown(act) {
  const garment = shown();
  if (garment) return act(garment);
  waiting.push(act);
  askExact(mixture());                                   // an act may lead to another screen before it is done
}
let resting = 0, speaking = 0;
function rested(now) {
  clearTimeout(resting);
  clearTimeout(speaking);
  resting = setTimeout(settle, now ? 0 : 150);
  speaking = setTimeout(() => trama.say(big.getAttribute('aria-label')), 700);
}
function refresh() {                                     // pads are only asked for when they are seen
  if (!seen()) return;
  settle();
  if (here.squareOf === bare(recipes()) && here.square.steps >= COARSE) return here.square.steps < FINE && later(FINE, 300);
  sheet.setAttribute('aria-busy', here.squareOf !== bare(recipes()));
  clearTimeout(pending);
  askPad({ recipes: recipes(), steps: COARSE });
  if (here.shape !== here.pattern) prepare();
}

/* controls */
function move(place) {
  waiting = [];
  Object.assign(here, { own: null, free: null, ...place });
  soon();
}
function share(i, value) {                               // the others make room in proportion
  const now = mean(), part = Math.max(0, Math.min(100, value)) / 100, others = 1 - now[i];
  const next = now.map((share, k) => k === i ? part : others > 1e-6 ? share / others * (1 - part) : (1 - part) / 3);
  const [, b, c, d] = next, like = trama.bilinear(b + d, c + d);
  move({ shape: b + d, pattern: b + d, y: c + d, free: next.some((share, k) => Math.abs(share - like[k]) > 5e-3) ? { shape: next, pattern: next } : null });
}
const go = (x, y) => { move({ shape: x, pattern: x, y }); rested(true); };
mix.oninput = () => move({ shape: mix.value / 100, pattern: mix.value / 100 });
for (const [name, range] of [['shape', shape], ['pattern', pattern]]) {
  range.onpointerdown = prepare;
  range.oninput = () => { move({ [name]: range.value / 100 }); prepare(); };
}
for (const range of [mix, shape, pattern]) range.onchange = () => rested(false);

let typing = null;
const fields = LETTERS.map((letter, i) => {
  const field = $('share', root).content.firstElementChild.cloneNode(true), [input] = $$('input', field);
  $$('b', field)[0].textContent = letter.toUpperCase();
  input.oninput = () => { typing = input; };
  input.onchange = () => {
    typing = null;
    const value = Number(input.value);
    if (input.value !== '' && Number.isFinite(value)) { share(i, value); rested(false); }
    soon();
  };
  input.onblur = () => { typing = null; soon(); };
  $('shares', root).append(field);
  return input;
});
for (let i = 0; i < SHEET.length ** 2; i++) {
  const canvas = document.createElement('canvas');
  canvas.className = 'cloth';
  $('knob', root).before(canvas);
}
const knobTo = trama.pad($('pad', root), sheet, $('knob', root), { place: () => [x(), here.y], moved: (x, y) => move({ shape: x, pattern: x, y }), rested });
const corner = trama.corners(root, whenShown);
const weave = trama.weave(root, server.class_mix, {
  stage: whenShown,
  take(garment, from) { here.own = { ...garment, parents: [trama.recipe(from)] }; draw(); trama.say(big.getAttribute('aria-label')); },
});
const reel = trama.reel(root, server.film, {
  picture: place, go, text: (x, y) => sharesText(trama.bilinear(x, y)),
  recipes: way => recipes().slice(0, way === 'line' ? 2 : 4),
  name: way => corners().slice(0, way === 'line' ? 2 : 4).map(trama.nameOf).join(' '),
});
$('save', root).onclick = () => whenShown(trama.savePicture);
$('link', root).onclick = () => whenShown(garment => trama.copyLink($('link', root), garment, trama.screenOf(garment)));
$('copy', root).onclick = () => whenShown(garment => {
  const recipe = trama.recipe(garment);
  trama.copyText($('copy', root), recipe, trama.word('recipe_copied'), trama.word('recipe_by_hand', { recipe }));
});
$('enlarge', root).onclick = big.onclick = () => whenShown(garment => { trama.choose(garment); trama.enlarge([garment]); });

trama.on('pair', letter => { if (LETTERS.includes(letter)) { here.own = null; corner.draw(); draw(); refresh(); } });
trama.on('dye', garment => { if ([...corners(), shown()].some(other => trama.same(other, garment))) { drawAll(); settle(); } });
trama.on('view', draw);
trama.on('collection', drawGarment);
trama.on('screen', () => { if (seen()) { draw(); refresh(); } else waiting = []; });

trama.take(first.corners).forEach((garment, i) => { pair[LETTERS[i]] = garment; });
here.squareOf = bare(recipes());
trama.mount(root, () => {
  corner.mount();
  weave();
  fields.forEach((field, i) => field.setAttribute('aria-label', trama.word('share_field', { letter: LETTERS[i].toUpperCase() })));
  for (const b of $$('[data-view=pixels]', root)) b.title = trama.word('pixels_tip', { size: trama.setup.size });
  drawAll();
});
$('children', root).addEventListener('click', () => whenShown(garment => { trama.choose(garment); trama.emit('children', garment); }));   // the wardrobe is open by then
/* A link to a blend brings its garments into the corners; openAddress has it in the wardrobe as well. */
async function openLink(blend) {
  const answers = await Promise.all(blend.corners.map(recipe => trama.ask(trama.server.open, { recipe })));
  if (!answers.every(answer => answer?.garments && !answer.reason)) return trama.turnTo('wardrobe');
  const { corners, ...place } = blend;
  answers.forEach((answer, i) => { [pair[LETTERS[i]]] = trama.take(answer); });
  move(place);
  corners.forEach((_, i) => trama.emit('pair', LETTERS[i]));
  rested(true);
}
const linked = trama.blendOf(trama.linkedTo('blend') ?? '');
if (linked) openLink(linked);
refresh();
})();
