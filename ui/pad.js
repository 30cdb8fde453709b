/* A square of pictures that are computed once and looked up while a finger moves, and the pad for the finger. */
(() => {
/* Pictures row by row. `at` gives what lies between four of them: the eye sees no steps, and the
   garment itself is asked for when the finger rests. */
trama.square = (pictures, steps) => ({
  steps,
  at(x, y, between = true) {
    const place = (way, last = steps - 1) => {
      const from = Math.min(last - 1, Math.floor(way * last));
      return [from, way * last - from];
    };
    const [i, right] = place(x), [j, down] = place(y), first = pictures[j * steps + i];
    if (!between) return pictures[(j + Math.round(down)) * steps + i + Math.round(right)];
    const near = [first, pictures[j * steps + i + 1], pictures[(j + 1) * steps + i], pictures[(j + 1) * steps + i + 1]];
    const [p, q, r, s] = trama.bilinear(right, down), whole = [p, q, r, s].indexOf(1);
    if (whole >= 0) return near[whole];
    const [a, b, c, d] = near, mixed = new Uint8Array(first.length);
    for (let k = 0; k < mixed.length; k++) mixed[k] = p * a[k] + q * b[k] + r * c[k] + s * d[k] + .5;
    return mixed;
  },
});
trama.bilinear = (x, y) => [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];

/* Whole percentages that sum to 100, by largest remainder. */
trama.percents = shares => {
  const exact = shares.map(share => share * 100), floors = exact.map(v => Math.floor(v + 1e-9));
  const order = exact.map((_, i) => i).sort((i, j) => (exact[j] - floors[j]) - (exact[i] - floors[i]) || i - j);
  for (let missing = 100 - floors.reduce((sum, v) => sum + v, 0), k = 0; k < missing; k++) floors[order[k % order.length]]++;
  return floors;
};

/* `moved(x, y)` is called for every step of a finger or a key, `rested(now)` when it ends: a key may
   be held, so its end is only near. The garments in the corners stand at a tenth and at nine. */
trama.pad = (pad, sheet, knob, { place, moved, rested }) => {
  const EDGE = .1, STEP = 1 / 16, LEAP = 1 / 4;
  const ENDS = { Home: [0, 0], End: [1, 1], PageUp: [1, 0], PageDown: [0, 1] };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const clamp = v => Math.max(0, Math.min(1, v)), way = share => clamp((share - EDGE) / (1 - 2 * EDGE));
  let finger = null, box = null;

  const follow = event => moved(way((event.clientX - box.left) / box.width), way((event.clientY - box.top) / box.height));
  pad.onpointerdown = event => {
    if (finger !== null || event.button || event.target.closest('button')) return;
    finger = event.pointerId;
    box = sheet.getBoundingClientRect();
    pad.setPointerCapture(finger);
    pad.classList.add('held');
    knob.focus({ preventScroll: true });
    follow(event);
  };
  pad.onmousedown = event => { if (!event.target.closest('button')) event.preventDefault(); };   // or the knob would lose the focus
  pad.onpointermove = event => { if (event.pointerId === finger) follow(event); };
  pad.onlostpointercapture = event => {
    if (event.pointerId !== finger) return;
    finger = null;
    pad.classList.remove('held');
    rested(true);
  };
  knob.onkeydown = event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const end = ENDS[event.key], arrow = ARROWS[event.key], step = event.shiftKey ? LEAP : STEP, here = place();
    if (!end && !arrow) return;
    event.preventDefault();                              // nor may the page scroll
    event.stopPropagation();
    moved(...end ?? here.map((v, i) => clamp(Math.round((v + arrow[i] * step) / STEP) * STEP)));
    rested(false);
  };
  return (x, y) => {
    knob.style.setProperty('--x', `${(EDGE + (1 - 2 * EDGE) * x) * 100}%`);
    knob.style.setProperty('--y', `${(EDGE + (1 - 2 * EDGE) * y) * 100}%`);
  };
};
})();
