/* What is erased of a picture: a mask on the network's own pixels, painted with a brush, a preset or the keys. */
(() => {
const { $, $$ } = trama, { margin } = trama.setup;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LIT = 24;                                          // grey level from which a pixel is garment
const clamp = (v, low, high) => Math.max(low, Math.min(high, v));

/* Edges of the garment, in pixels: [left, top, right, bottom], the last two past the end. */
function bounds(pixels, size, channels) {
  const box = [size, size, 0, 0];
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    if (pixels[(y * size + x) * channels] < LIT) continue;
    box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x + 1); box[3] = Math.max(box[3], y + 1);
  }
  return box[2] ? box : [0, 0, size, size];
}
const PRESETS = {                                        // boxes in pixels, within the edges of the garment
  sleeve: ([left, top, right, bottom]) => [right - (right - left) * .3, top, right + 1, bottom - (bottom - top) * .12],
  left: ([left, top, right, bottom]) => [0, 0, (left + right) / 2, bottom + 9],
  lower: ([left, top, right, bottom]) => [0, bottom - (bottom - top) / 3, right + 99, bottom + 9],
};

/* `changed` is called whenever the mask is another. */
trama.eraser = (root, changed) => {
  const sheet = $('erase', root), brush = $('brush', root), veil = $('veil', root);
  const here = { size: trama.setup.size, mask: new Uint8Array(0), before: [], diameter: 6, frame: null, finger: null, last: null };
  const whole = () => here.size + 2 * margin;

  function outline() {                                   // runs of a row are one rectangle each
    const { size, mask } = here, path = [];
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
      if (!mask[y * size + x]) continue;
      const start = x;
      while (x < size && mask[y * size + x]) x++;
      path.push(`M${start + margin} ${y + margin}h${x - start}v1h${start - x}z`);
    }
    return path.join('');
  }
  function draw() {
    const path = outline(), f = here.frame;
    veil.setAttribute('viewBox', `0 0 ${whole()} ${whole()}`);
    for (const name of ['gone', 'hatch']) $(name, veil).setAttribute('d', path);
    const frame = { x: f.x + margin, y: f.y + margin, width: f.w, height: f.h };
    for (const [name, value] of Object.entries(frame)) $('frame', veil).setAttribute(name, value);
    $('brush-at', veil).setAttribute('r', here.diameter / 2);
    brush.value = here.diameter;
    $('brush-value', root).textContent = trama.word('brush_size', { value: here.diameter });
    trama.fill(brush);
    $('fill-undo', root).disabled = !here.before.length;
    $('fill-clear', root).disabled = !here.mask.some(Boolean);
  }
  const keep = () => { here.before.push(here.mask.slice()); if (here.before.length > 50) here.before.shift(); };
  const settled = () => { draw(); changed(); };

  function dab(x, y) {                                   // at pixel coordinates; the centre's pixel always goes
    const { size, mask } = here, radius = here.diameter / 2;
    for (let v = 0; v < size; v++) for (let u = 0; u < size; u++)
      if (Math.hypot(u + .5 - x, v + .5 - y) <= radius || (u === Math.floor(x) && v === Math.floor(y))) mask[v * size + u] = 1;
  }
  function stroke(x, y) {                                // no gaps where the finger was fast
    const [a, b] = here.last ?? [x, y], steps = Math.max(1, Math.ceil(Math.hypot(x - a, y - b)));
    for (let k = 1; k <= steps; k++) dab(a + (x - a) * k / steps, b + (y - b) * k / steps);
    here.last = [x, y];
  }
  function box([left, top, right, bottom], gone = 1) {
    const { size, mask } = here;
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++)
      if (x + .5 >= left && x + .5 < right && y + .5 >= top && y + .5 < bottom) mask[y * size + x] = gone;
  }

  const at = event => {
    const edge = sheet.getBoundingClientRect(), scale = whole() / edge.width;
    return [(event.clientX - edge.left) * scale - margin, (event.clientY - edge.top) * scale - margin];
  };
  sheet.onpointerleave = () => $('brush-at', veil).classList.add('away');
  const follow = event => {
    const [x, y] = at(event), ring = $('brush-at', veil);
    ring.classList.remove('away');
    ring.setAttribute('cx', x + margin);
    ring.setAttribute('cy', y + margin);
    return [x, y];
  };
  sheet.onpointerdown = event => {
    if (here.finger !== null || event.button) return;
    here.finger = event.pointerId;
    sheet.setPointerCapture(here.finger);
    keep();
    here.last = null;
    stroke(...follow(event));
    draw();
  };
  sheet.onpointermove = event => {
    const place = follow(event);
    if (event.pointerId !== here.finger) return;
    stroke(...place);
    draw();
  };
  sheet.onlostpointercapture = event => {
    if (event.pointerId !== here.finger) return;
    here.finger = null;
    settled();
  };
  sheet.onkeydown = event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key], gone = { ' ': 1, Enter: 1, Delete: 0, Backspace: 0 }[event.key], f = here.frame;
    if (!arrow && gone === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (arrow) {
      const [dx, dy] = arrow;
      if (event.shiftKey) { f.w = clamp(f.w + dx, 1, here.size - f.x); f.h = clamp(f.h + dy, 1, here.size - f.y); }
      else { f.x = clamp(f.x + dx, 0, here.size - f.w); f.y = clamp(f.y + dy, 0, here.size - f.h); }
      draw();
      return trama.say(trama.word('frame_at', { column: f.x + 1, row: f.y + 1, width: f.w, height: f.h }));
    }
    keep();
    box([f.x, f.y, f.x + f.w, f.y + f.h], gone);
    settled();
    trama.say(trama.word(gone ? 'frame_erased' : 'frame_restored'));
  };
  brush.oninput = () => { here.diameter = Number(brush.value); draw(); };
  function preset(name) {
    keep();
    here.mask.fill(0);
    box(PRESETS[name](bounds(here.pixels, here.size, here.channels)));
    settled();
  }
  for (const b of $$('[data-preset]', root)) b.onclick = () => {
    preset(b.dataset.preset);
    trama.say(trama.word('preset_done', { name: b.textContent }));
  };
  $('fill-undo', root).onclick = () => { here.mask = here.before.pop(); settled(); };
  $('fill-clear', root).onclick = () => { keep(); here.mask.fill(0); settled(); };

  return {
    draw,
    preset,
    get mask() { return here.mask; },
    /* Another picture, whole or with a mask of its own. */
    open(pixels, mask) {
      here.size = Math.round(Math.sqrt(pixels.length / trama.setup.channels));
      Object.assign(here, { pixels, channels: trama.setup.channels, before: [], mask: mask ?? new Uint8Array(here.size ** 2) });
      const side = Math.round(here.size / 3);
      here.frame = { x: side, y: side, w: side, h: side };
      settled();
    },
  };
};
})();
