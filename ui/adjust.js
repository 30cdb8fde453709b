/* Adjust: a slider for each direction, what its ends would look like, locks, undo, directions of one's own. */
(() => {
const { $, $$, moves, nameOfRow: nameOf } = trama, root = element, IN_VIEW = 5, MOST_NAMED = 20, MOST_UNNAMED = 12;
const big = $('big', root), dyes = $('dyes', root), original = $('original', root), more = $('more', root), ownName = $('own-name', root);
let rows = [], state = moves.none, history = trama.history(state);
let shown = null, edited = null, origin = null;          // the garment whose states these are; as moved; without edits
let wanted = false, afterwards = null;                   // wanted: the next answer is to become the garment in hand

const before = () => original.getAttribute('aria-pressed') === 'true';
const plainOf = garment => trama.plain(trama.recipe(garment));
const labelled = ({ labels }) => !labels.length || labels.includes(trama.garment.label);
const isLocked = row => row.name in state.held;
const text = value => value ? trama.number(value, 1, 'exceptZero') : trama.number(0);
/* strengths */
function valueOf(row) {
  if (row.id) return state.mine[row.id]?.at ?? 0;
  const strengths = isLocked(row) && edited ? trama.strengthsOf(edited) : state.own;
  return moves.seen(row, strengths[row.name] ?? [0, 0]);
}
function moved(row, value) {
  if (!row.id) return { ...state, own: { ...state.own, [row.name]: [value, value] } };
  const { [row.id]: _, ...mine } = state.mine;
  return { ...state, mine: value ? { ...mine, [row.id]: { at: value, edits: row.edits } } : mine };
}
const editsAt = (row, value) => isLocked(row) ? { ...moves.edits(state), [row.name]: [value, value] } : moves.edits(moved(row, value));

/* pictures */
function drawStage() {
  const garment = trama.garment, name = trama.nameOf(garment), used = rows.filter(row => row.seen && valueOf(row)), count = used.length;
  $('title', root).textContent = trama.kindOf(garment);
  const seed = document.createElement('span');
  seed.className = 'long';
  seed.textContent = `${trama.originOf(garment)} · `;
  $('subtitle', root).replaceChildren(seed, trama.word(count < 2 ? `adjustments_${count}` : 'adjustments', { count }));
  const list = used.map(row => `${nameOf(row)} ${text(valueOf(row))}`);
  big.setAttribute('aria-label', [trama.word('picture_alt', { name }), ...(before() ? [] : list)].join(', '));
  trama.show(big, trama.picture(garment, trama.view, (before() && origin || edited || garment).pixels));
  trama.pressDyes(dyes, garment);
  trama.heart($('heart', root), garment);
  $('undo', root).disabled = !history.can(-1);
  $('redo', root).disabled = !history.can(1);
  $('own-save', root).disabled = !Object.keys(garment.edits).length;
}
function drawRow(row) {
  const value = valueOf(row), locked = isLocked(row);
  row.range.value = value;
  trama.fill(row.range);
  row.output.textContent = locked ? trama.word('locked_at', { value: text(value) }) : text(value);
  row.range.setAttribute('aria-valuetext', row.output.textContent);
  row.root.classList.toggle('locked', locked);
  for (const e of [row.range, row.reset, ...row.switches]) e.disabled = locked;
  for (const b of row.switches) b.setAttribute('aria-pressed', value === row.ends[b.dataset.end]);
  if (!row.lock) return;
  row.lock.setAttribute('aria-pressed', locked);
  $$('use', row.lock)[0].setAttribute('href', locked ? '#i-lock' : '#i-unlock');
  row.lock.title = trama.word(locked ? 'locked_tip' : 'lock_tip');
}
const drawRows = () => rows.forEach(drawRow);
function drawEnd(button, pixels) {
  if (pixels) button.pixels = pixels;
  if (button.pixels) trama.show($$('canvas', button)[0], trama.picture(trama.garment, 'smooth', button.pixels));
}
const differ = (a, b) => !a || a.some((value, i) => value !== b[i]);

/* the server */
const ofThis = ({ recipe }) => trama.bare(trama.plain(recipe)) === trama.bare(trama.plain(trama.garment.recipe));
const askEdit = trama.latest(server.edit, (answer, asked, last) => {
  if (!ofThis(asked)) return;                            // another garment was opened in the meantime
  [edited] = trama.take(answer);
  rows.filter(isLocked).forEach(drawRow);
  drawStage();
  if (last && wanted) commit();
}, busy => { if (!busy && wanted) { wanted = false; afterwards = null; } }); // the bar tells why there was no answer
const askEnds = trama.latest(server.previews, (answer, asked) => {
  if (trama.bare(asked.recipe) !== trama.bare(request().recipe)) return; // of another garment or lock
  const pictures = trama.decode(answer.pixels), seen = rows.filter(row => asked.rows.includes(row.key));
  seen.flatMap(row => row.switches).forEach((button, i) => { if (differ(button.pixels, pictures[i])) drawEnd(button, pictures[i]); });
});
const askOrigin = trama.latest(trama.server.open, (answer, asked) => {
  if (ofThis(asked)) { [origin] = trama.take(answer); drawStage(); }
});
const request = edits => moves.request(state, trama.garment, edits);
function previews() {
  const seen = rows.filter(row => row.seen && (!row.folded || more.open));
  const list = seen.flatMap(row => row.switches.map(b => editsAt(row, row.ends[b.dataset.end])));
  if (list.length) askEnds({ ...request(list), rows: seen.map(row => row.key) });
}
const settle = () => { wanted = true; askEdit(request()); };

function commit() {                                      // what was moved is now the garment in hand
  const worn = trama.dyeOf(trama.garment), { called, completed } = trama.garment;
  wanted = false;
  edited = { ...(Object.keys(edited.edits).length ? { called, completed, parents: [plainOf(edited)] } : origin), ...edited };
  history.add(state);
  if (!trama.same(edited, trama.garment)) {
    shown = edited;
    trama.choose(edited);
    if (worn && trama.dyeOf(edited) !== worn) trama.setDye(edited, worn);
  }
  drawRows();
  drawStage();
  previews();
  afterwards?.();
  afterwards = null;
}
const settled = then => wanted ? afterwards = then : then();

/* what a visitor does */
function set(row, value, done) {
  state = moved(row, value);
  original.setAttribute('aria-pressed', false);
  wanted = false;
  drawRow(row);
  done ? settle() : askEdit(request());
}
function turn(next, word) {                              // to another state as a whole
  state = next;
  original.setAttribute('aria-pressed', false);
  drawRows();
  settle();
  trama.say(trama.word(word));
}
const known = id => rows.some(row => row.id === id);
const step = (by, word) => settled(() => {
  if (!history.can(by)) return;
  const next = moves.settle(history.step(by), known);
  history.replace(next);
  turn(next, word);
});
const lock = row => settled(() => {
  state = moves.lock(state, trama.garment, row.name);
  edited ??= trama.garment;
  history.add(state);
  drawRows();
  drawStage();
  previews();
  trama.say(trama.word(isLocked(row) ? 'locked_done' : 'unlocked_done', { name: nameOf(row) }));
});
const saveOwn = () => settled(() => {
  const name = ownName.value.trim().replace(/\s+/g, ' '), edits = trama.strengthsOf(trama.garment);
  if (!name || !Object.keys(edits).length) return;
  if (trama.ownDirections.list().length >= trama.ownDirections.most) return trama.say($('own-hint', root).textContent = trama.word('own_full', { most: trama.ownDirections.most }));
  const id = trama.ownDirections.add(name, edits);
  state = moves.anchored({ ...moves.none, mine: { [id]: { at: 1, edits } } }, trama.garment, Object.keys(state.held));
  ownName.value = '';
  build();
  commitState();
  trama.say(trama.word('own_saved', { name }));
});
const forget = row => settled(() => {
  trama.ownDirections.remove(row.id);
  state = moves.settle(state, id => id !== row.id && known(id));
  build();
  commitState();
  ownName.focus();
  trama.say(trama.word('own_forgotten', { name: row.called }));
});
function commitState() { history.add(state); drawRows(); drawStage(); previews(); }

/* rows */
function make(template, control, list) {
  const row = trama.sliderRow($(template, root), { ...control, list, key: control.id ?? control.name }, rows.length);
  row.range.oninput = () => set(row, Number(row.range.value), false);
  row.range.onchange = () => { settle(); trama.say(`${nameOf(row)} ${row.output.textContent}`); };
  for (const b of row.switches) b.onclick = () => set(row, row.ends[b.dataset.end], true);
  row.reset.onclick = () => { set(row, 0, true); row.range.focus(); };
  if (row.lock) row.lock.onclick = () => lock(row);
  if (row.id) row.forget.onclick = () => forget(row);
  rows.push(row);
}
function build() {
  rows = [];
  const { directions } = trama.setup;
  for (const control of directions.slice(0, MOST_NAMED)) make('row', control, 'attrs');
  for (const control of trama.sliders().filter(d => d.unnamed).slice(0, MOST_UNNAMED)) make('dir', control, 'components');
  for (const control of trama.ownDirections.list()) make('dir', { ...control, labels: [] }, 'mine');
  rows.forEach(trama.nameRow);
  arrange();
}
function arrange() {                                     // what the class has, the first few in view
  if (!trama.garment) return;
  for (const row of rows) row.seen = labelled(row);
  const named = rows.filter(row => row.seen && row.list === 'attrs'), first = named.length > IN_VIEW + 1 ? IN_VIEW : named.length;
  named.forEach((row, i) => { row.folded = i >= first; });
  for (const row of rows) if (row.list !== 'attrs') row.folded = true;
  const put = (part, some) => { $(part, root).replaceChildren(...some.map(row => row.root)); $(part, root).hidden = !some.length; };
  put('attrs', named.slice(0, first));
  put('more-attrs', named.slice(first));
  put('components', rows.filter(row => row.list === 'components'));
  put('mine', rows.filter(row => row.list === 'mine'));
  $('none', root).hidden = named.length > 0;
  const count = rows.filter(row => row.unnamed).length;
  $('more-count', root).textContent = count ? trama.word('more_count', { count }) : '';
}
original.onclick = () => { original.setAttribute('aria-pressed', !before()); drawStage(); };
$('undo', root).onclick = () => step(-1, 'undone');
$('redo', root).onclick = () => step(1, 'redone');
$('reset', root).onclick = () => turn(moves.none, 'reset_done');
$('another', root).onclick = async () => {
  const { label, daring } = trama.garment;
  const answer = await trama.ask(trama.server.garment, { label, daring, seed: trama.randomSeed() });
  if (answer) trama.choose(trama.take(answer)[0]);
};
$('save', root).onclick = () => trama.savePicture(before() && origin ? { ...trama.garment, recipe: plainOf(trama.garment) } : trama.garment);
$('link', root).onclick = () => trama.copyLink($('link', root), trama.garment);
more.ontoggle = () => { if (more.open && shown) previews(); };
$('own', root).onsubmit = event => { event.preventDefault(); saveOwn(); };

const here = () => document.body.dataset.screen === 'adjust';
addEventListener('keydown', event => {                   // what every editor has; the bare Z is of keys.js
  if (!here() || !(event.ctrlKey || event.metaKey) || event.altKey || event.target.matches('input:not([type=range]),textarea')) return;
  const key = event.key.toLowerCase(), by = key === 'y' || key === 'z' && event.shiftKey ? 1 : key === 'z' ? -1 : 0;
  if (!by) return;
  event.preventDefault();
  step(by, by > 0 ? 'redone' : 'undone');
});
trama.on('undo', () => { if (here()) step(-1, 'undone'); });
trama.on('redo', () => { if (here()) step(1, 'redone'); });

function open() {                                        // pictures are only asked for when they are seen
  if (!here() || !trama.garment || trama.same(shown, trama.garment)) return;
  shown = trama.garment;
  state = moves.of(shown);
  history = trama.history(state);
  edited = null;
  origin = Object.keys(state.own).length ? null : shown;
  wanted = false;
  afterwards = null;
  original.setAttribute('aria-pressed', false);
  arrange();
  if (rows.some(row => row.unnamed && valueOf(row))) more.open = true;
  drawRows();
  drawStage();
  previews();
  if (!origin) askOrigin({ recipe: plainOf(shown) });
}
trama.on('garment', open);
trama.on('screen', open);
trama.on('view', () => { if (shown) drawStage(); });
trama.on('collection', () => { if (shown) trama.heart($('heart', root), trama.garment); });
trama.on('dye', () => { if (shown) { rows.flatMap(row => row.switches).forEach(b => drawEnd(b)); drawStage(); } });

trama.mount(root, () => {
  trama.dyeButtons(dyes, () => trama.garment);
  for (const b of $$('[data-view=pixels]', root)) b.title = trama.word('pixels_tip', { size: trama.setup.size });
  ownName.placeholder = trama.word('own_example');
  rows.length ? rows.forEach(trama.nameRow) : build();
  arrange();
  if (shown) { drawRows(); drawStage(); }
  open();
});
})();
