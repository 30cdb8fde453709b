/* Where a garment stands on every direction: states, their sums as edits of a recipe, undo and redo.
   A strength is a pair, [in the shape, in the pattern]. A state is {own, mine, held, anchor}: the strengths
   that sliders of single directions give; the sliders of one's own, by id, as {at, edits}; the strengths
   of locked directions, and the recipe from which moves are counted while something is locked. */
(() => {
const MOST = 100, DIGITS = 1e4, NONE = [0, 0];
const fields = recipe => recipe.split('~'), limits = () => Object.fromEntries(trama.sliders().map(d => [d.name, d]));
const add = (a, b, share = 1) => a.map((value, side) => value + share * b[side]);
const round = value => Math.round(value * DIGITS) / DIGITS || 0;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const some = pair => pair[0] !== 0 || pair[1] !== 0;

trama.sliders = () => {                                  // what the model offers, measured or not
  const { names, most } = trama.setup.components;
  return [...trama.setup.directions, ...names.map(name => ({ name, low: -most, high: most, labels: [], layers: 'both', unnamed: true }))];
};
trama.plain = recipe => fields(recipe).map((field, i) => i === 4 ? '' : field).join('~');
trama.strengthsOf = garment => Object.fromEntries(Object.entries(garment.edits).map(([name, shape]) => [name, [shape, garment.pattern_edits[name]]]));
const strength = (garment, name) => trama.strengthsOf(garment)[name] ?? NONE;

const moves = trama.moves = {
  of: garment => ({ own: trama.strengthsOf(garment), mine: {}, held: {}, anchor: null }),
  none: { own: {}, mine: {}, held: {}, anchor: null },
  seen: ({ layers }, pair) => layers === 'shape' ? pair[0] : layers === 'pattern' ? pair[1] : (pair[0] + pair[1]) / 2,
  fromMine: (state, name) => Object.values(state.mine).reduce((sum, { at, edits }) => add(sum, edits[name] ?? NONE, at), NONE),

  edits(state) {                                         // plain edits; what is locked is the anchor's
    const known = limits(), names = new Set([...Object.keys(state.own), ...Object.values(state.mine).flatMap(({ edits }) => Object.keys(edits))]);
    const found = [...names].filter(name => !state.held[name]).map(name => {
      const own = state.own[name] ?? NONE, sum = add(own, moves.fromMine(state, name));
      return [name, sum.map((value, side) => round(clamp(value, Math.min(known[name].low, own[side]), Math.max(known[name].high, own[side]))))];
    });
    return Object.fromEntries(found.filter(([, pair]) => some(pair)));
  },
  request(state, garment, edits = moves.edits(state)) {  // in the dye that the garment in hand wears
    const worn = trama.recipe(garment), from = state.anchor ?? trama.plain(worn);
    return { recipe: [...fields(from).slice(0, 5), fields(worn)[5]].join('~'), edits, locks: Object.keys(state.held) };
  },
  lock(state, garment, name) {                           // or unlock; the garment in hand stays as it is
    const names = Object.keys(state.held), next = names.includes(name) ? names.filter(held => held !== name) : [...names, name];
    const own = next.includes(name) ? state.own : { ...state.own, [name]: add(strength(garment, name), moves.fromMine(state, name), -1).map(round) };
    return moves.anchored({ ...state, own }, garment, next);
  },
  anchored: (state, garment, names) => ({ ...state, held: Object.fromEntries(names.map(name => [name, strength(garment, name)])), anchor: names.length ? garment.recipe : null }),
  settle(state, keep) {                                  // sliders of one's own that are no more become plain edits
    const own = { ...state.own }, mine = {}, known = limits();
    for (const [id, { at, edits }] of Object.entries(state.mine)) {
      if (keep(id)) mine[id] = { at, edits };
      else for (const name in edits) own[name] = add(own[name] ?? NONE, edits[name], at).map(value => round(clamp(value, known[name].low, known[name].high)));
    }
    return { ...state, own, mine };
  },
};

trama.history = first => {                               // of settled states
  let states = [first], at = 0;
  return {
    add(state) {
      if (JSON.stringify(state) === JSON.stringify(states[at])) return;
      states = [...states.slice(0, at + 1), state].slice(-MOST);
      at = states.length - 1;
    },
    step(by) { return states[at += by]; },
    replace(state) { states[at] = state; },
    can: by => at + by >= 0 && at + by < states.length,
  };
};

/* Directions of one's own: a combination under a name, in this browser and for this very model. */
const KEY = 'trama.directions.1', MOST_OWN = 12, MOST_ALL = 60, LONGEST = 40;
const model = () => `${trama.setup.model.name}~${trama.setup.model.digest}`;
const isPair = pair => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite);
function fits({ id, name, edits, model: of }) {
  if (typeof id !== 'string' || typeof name !== 'string' || !edits || typeof edits !== 'object') return false;
  if (of !== model()) return typeof of === 'string';
  const known = limits();
  return Object.entries(edits).every(([name, pair]) => known[name] && isPair(pair)) && Object.values(edits).some(some);
}
const read = () => {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(stored) ? stored.filter(entry => entry && fits(entry)).slice(0, MOST_ALL) : [];
  } catch { return []; }
};
let kept = read();
const write = next => {
  kept = next.slice(0, MOST_ALL);
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* private window: kept until it is closed */ }
};
const span = (edits, sign) => {                          // how far the combination can be followed, in whole tenths
  const known = limits();
  const most = Object.entries(edits).flatMap(([name, pair]) => pair.filter(Boolean).map(value => value * sign > 0 ? known[name].high / Math.abs(value) : -known[name].low / Math.abs(value)));
  return Math.min(3, Math.floor(Math.min(...most) * 10 + 1e-6) / 10);
};
trama.ownDirections = {
  most: MOST_OWN,
  list: () => kept.filter(entry => entry.model === model()).slice(0, MOST_OWN)
    .map(({ id, name, edits }) => ({ id, edits, called: [...name].slice(0, LONGEST).join(''), low: -span(edits, -1), high: Math.max(1, span(edits, 1)) })),
  add(name, edits) {
    const id = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
    write([...kept, { id, model: model(), name: [...name].slice(0, LONGEST).join(''), edits }]);
    return id;
  },
  remove: id => write(kept.filter(entry => entry.id !== id)),
};
})();
