/* Adjust: one slider for each measured direction, and what its two ends would look like. */
(() => {
const { $, $$, setup } = trama, root = element, IN_VIEW = 5;
const big = $('big', root), dyes = $('dyes', root), original = $('original', root);
const edits = Object.fromEntries(setup.directions.map(d => [d.name, 0])), rows = {};
let shown = null, edited = null, pixels = null, plain = null;           // shown: the garment that the pictures are of

const applies = ({ labels }) => !labels.length || labels.includes(trama.garment.label);
const controls = () => setup.directions.filter(applies);  // a bag has no sleeves
const used = () => Object.fromEntries(controls().map(d => [d.name, edits[d.name]]).filter(([, strength]) => strength));
const nameOf = direction => {
  const key = `direction_${direction.name}`, word = trama.word(key);
  return word === key ? direction.name : word;
};
const before = () => original.getAttribute('aria-pressed') === 'true';

function drawStage() {
  const garment = trama.garment, name = trama.nameOf(garment), count = Object.keys(used()).length;
  $('title', root).textContent = trama.kindOf(garment);
  const seed = document.createElement('span');
  seed.className = 'long';
  seed.textContent = `${trama.word('seed_of', garment)} · `;
  $('subtitle', root).replaceChildren(seed, trama.word(count < 2 ? `adjustments_${count}` : 'adjustments', { count }));
  const list = controls().filter(d => edits[d.name]).map(d => `${nameOf(d)} ${trama.number(edits[d.name], 1, 'exceptZero')}`);
  big.setAttribute('aria-label', [trama.word('picture_alt', { name }), ...(before() ? [] : list)].join(', '));
  const seen = before() ? plain : pixels;
  if (seen) trama.show(big, trama.picture(garment, trama.view, seen));
  trama.pressDyes(dyes, garment);
}

function drawRow(direction) {
  const { range, output, switches } = rows[direction.name], value = edits[direction.name];
  range.value = value;
  trama.fill(range);
  output.textContent = value ? trama.number(value, 1, 'exceptZero') : '0';
  range.setAttribute('aria-valuetext', output.textContent);
  const at = { low: direction.low, zero: 0, high: direction.high };
  for (const b of switches) b.setAttribute('aria-pressed', value === at[b.dataset.end]);
}

const askEdit = trama.latest(server.edit, answer => { [edited] = trama.take(answer); pixels = edited.pixels; drawStage(); });
const askEnds = trama.latest(server.previews, (answer, asked) => {
  const pictures = trama.decode(answer.pixels);
  plain = pictures.at(-1);
  if (asked.recipe !== trama.recipe(trama.garment)) return;
  controls().forEach((d, i) => rows[d.name].switches.forEach((b, k) => trama.show($$('canvas', b)[0], trama.picture(trama.garment, 'smooth', pictures[3 * i + k]))));
  drawStage();
});
const request = () => ({ recipe: trama.recipe(trama.garment), edits: used() });
const render = () => askEdit(request());
const settle = () => { render(); askEnds(request()); };

function set(direction, value, settled) {
  edits[direction.name] = value;
  original.setAttribute('aria-pressed', false);
  drawRow(direction);
  drawStage();
  settled ? settle() : render();
}
function reset() {
  for (const d of setup.directions) { edits[d.name] = 0; drawRow(d); }
  original.setAttribute('aria-pressed', false);
}

for (const direction of setup.directions) {
  const row = $('row', root).content.firstElementChild.cloneNode(true), find = selector => $$(selector, row)[0];
  const range = find('input'), switches = $$('.sw', row);
  rows[direction.name] = { row, range, switches, output: find('output') };
  row.style.setProperty('--zero', -direction.low / (direction.high - direction.low));
  Object.assign(range, { min: direction.low, max: direction.high, id: `edit-${direction.name}` });
  find('output').htmlFor = range.id;
  find('.vh').id = `effect-${direction.name}`;
  range.setAttribute('aria-describedby', `effect-${direction.name}`);
  range.oninput = () => set(direction, Number(range.value), false);
  range.onchange = () => { settle(); trama.say(`${nameOf(direction)} ${rows[direction.name].output.textContent}`); };
  const at = { low: direction.low, zero: 0, high: direction.high };
  for (const b of switches) b.onclick = () => set(direction, at[b.dataset.end], true);
  find('.ic').onclick = () => { set(direction, 0, true); range.focus(); };
}
function arrange() {
  const all = controls().map(d => rows[d.name].row), first = all.length > IN_VIEW + 1 ? IN_VIEW : all.length;
  $('attrs', root).replaceChildren(...all.slice(0, first));
  $('more-attrs', root).replaceChildren(...all.slice(first));
  $('none', root).hidden = all.length > 0;
  $('more', root).hidden = first === all.length;
  $('more-count', root).textContent = all.length - first;
}

original.onclick = () => { original.setAttribute('aria-pressed', !before()); drawStage(); };
$('reset', root).onclick = () => { reset(); settle(); trama.say(trama.word('reset_done')); };
$('another', root).onclick = async () => {
  const { label, daring } = trama.garment;
  const answer = await trama.ask(trama.server.garment, { label, daring, seed: trama.randomSeed() });
  if (answer) trama.choose(trama.take(answer)[0]);
};
$('save', root).onclick = () => trama.savePicture(before() || !edited ? trama.garment : edited);

function open() {                                        // pictures are only asked for when they are seen
  if (document.body.dataset.screen !== 'adjust' || !trama.garment || trama.same(shown, trama.garment)) return;
  shown = trama.garment;
  pixels = plain = shown.pixels;
  edited = null;
  arrange();
  drawStage();
  settle();
}
trama.on('garment', open);
trama.on('screen', open);
trama.on('view', drawStage);
trama.on('dye', () => { drawStage(); if (shown) askEnds(request()); });

trama.mount(root, () => {
  trama.dyeButtons(dyes, () => trama.garment);
  for (const b of $$('[data-view=pixels]', root)) b.title = trama.word('pixels_tip', { size: setup.size });
  for (const direction of setup.directions) {
    const { row, range, switches } = rows[direction.name], name = nameOf(direction), find = selector => $$(selector, row)[0];
    const unit = `unit_${direction.unit}`, word = trama.word(unit);
    const effect = trama.word('effect', { effect: trama.number(direction.effect, 1, 'exceptZero'), unit: word === unit ? direction.unit : word,
      correlation: trama.number(direction.correlation, 2), kept: Math.round(direction.class_kept * 100) });
    find('.attribute').textContent = name;
    find('.attribute').title = range.title = find('.vh').textContent = effect;
    range.setAttribute('aria-label', name);
    find('.ic').title = trama.word('reset_one', { name });
    find('.ic').setAttribute('aria-label', trama.word('reset_one', { name }));
    for (const b of switches) b.setAttribute('aria-label', trama.word(`end_${b.dataset.end}`, { name }));
    drawRow(direction);
  }
  if (trama.garment) drawStage();
  open();
});
})();
