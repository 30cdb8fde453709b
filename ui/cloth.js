/* Dyed cloth on a canvas: what model/dye.py does, at the screen's own resolution.
   Models of several sizes may be seen side by side: what size a picture has, its bytes tell.
   A picture is {pixels, area, ramp}: the network's bytes, the largest region of dark print that is
   not a hole, and four colours from dark to light; `most` bounds the side of one that is in motion. */
(() => {
const { margin } = trama.setup, LEVELS = 1024, MAX_CANVAS = 840, DARK = .14, OPAQUE = .3, EDGE = [.06, .18];
const tables = new Map(), pictures = new WeakMap();

const shapeOf = pixels => {                              // n*n bytes, or 3*n*n, which is no square of another n
  const grey = Math.sqrt(pixels.length);
  return Number.isInteger(grey) ? { size: grey, channels: 1 } : { size: Math.sqrt(pixels.length / 3), channels: 3 };
};

trama.decode = (base64, { size, channels } = trama.setup) => {
  const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0)), each = size * size * channels;
  return Array.from({ length: bytes.length / each }, (_, i) => bytes.subarray(i * each, (i + 1) * each));
};

trama.mixRamps = (ramps, shares) => ramps[0].map((stop, k) => stop.map((_, c) => Math.round(ramps.reduce((sum, ramp, i) => sum + shares[i] * ramp[k][c], 0))));

function tones(pixels) {
  const { size, channels } = shapeOf(pixels), side = size + 2 * margin;
  const tone = new Float32Array(side * side);
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    const p = (y * size + x) * channels;
    const grey = channels === 1 ? pixels[p] : .299 * pixels[p] + .587 * pixels[p + 1] + .114 * pixels[p + 2];
    tone[(y + margin) * side + x + margin] = grey / 255;
  }
  return tone;
}

function fillPrint(tone, side, area) {
  const cover = tone.slice(), seen = new Uint8Array(side * side);
  for (let start = 0; start < tone.length; start++) {
    if (seen[start] || tone[start] >= DARK) continue;
    const todo = [start], region = [];
    let open = false;
    seen[start] = 1;
    while (todo.length) {
      const p = todo.pop(), x = p % side, y = (p - x) / side;
      region.push(p);
      open ||= !x || !y || x === side - 1 || y === side - 1;
      for (const [q, inside] of [[p - 1, x], [p + 1, x < side - 1], [p - side, y], [p + side, y < side - 1]])
        if (inside && !seen[q] && tone[q] < DARK) { seen[q] = 1; todo.push(q); }
    }
    if (!open && region.length <= area) for (const p of region) cover[p] = Math.max(cover[p], OPAQUE);
  }
  return cover;
}

// The outline wants the smoother kernel, or every pixel of a hem is a scallop; the cloth the sharper.
const mitchell = t => t < 1 ? ((21 * t - 36) * t * t + 16) / 18 : t < 2 ? (((-7 * t + 36) * t - 60) * t + 32) / 18 : 0;
const spline = t => t < 1 ? ((3 * t - 6) * t * t + 4) / 6 : t < 2 ? (2 - t) ** 3 / 6 : 0;

function table(side, n, kernel) {
  const key = `${side} ${n} ${kernel.name}`;
  if (!tables.has(key)) {
    const at = new Int32Array(4 * n), weight = new Float32Array(4 * n);
    for (let o = 0; o < n; o++) {
      const p = (o + .5) * side / n - .5, base = Math.floor(p);
      for (let k = 0; k < 4; k++) {
        at[4 * o + k] = Math.min(side - 1, Math.max(0, base + k - 1));
        weight[4 * o + k] = kernel(Math.abs(p - base - k + 1));
      }
    }
    tables.set(key, { at, weight });
  }
  return tables.get(key);
}

function enlarge(plane, side, n, kernel) {               // rows, then columns
  const { at, weight } = table(side, n, kernel), wide = new Float32Array(side * n), out = new Float32Array(n * n);
  for (let y = 0; y < side; y++) for (let o = 0, i = 0; o < n; o++) {
    let sum = 0;
    for (let k = 0; k < 4; k++, i++) sum += weight[i] * plane[y * side + at[i]];
    wide[y * n + o] = sum;
  }
  for (let r = 0; r < n; r++) {
    const i = 4 * r, [a, b, c, d] = [at[i] * n, at[i + 1] * n, at[i + 2] * n, at[i + 3] * n];
    const p = weight[i], q = weight[i + 1], s = weight[i + 2], t = weight[i + 3];
    for (let o = 0; o < n; o++) out[r * n + o] = p * wide[a + o] + q * wide[b + o] + s * wide[c + o] + t * wide[d + o];
  }
  return out;
}

function colours(ramp) {                                 // packed as the bytes of ImageData, alpha 0
  const packed = new Uint32Array(LEVELS);
  for (let i = 0; i < LEVELS; i++) {
    const position = i / (LEVELS - 1) * 3, k = Math.min(2, position | 0), f = position - k;
    const [r, g, b] = ramp[k].map((v, c) => Math.round(v * (1 - f) + ramp[k + 1][c] * f));
    packed[i] = b << 16 | g << 8 | r;
  }
  return packed;
}

trama.dyeCloth = ({ pixels, area, ramp }, n) => {
  const image = new ImageData(n, n), out = new Uint32Array(image.data.buffer);
  const { size } = shapeOf(pixels), side = size + 2 * margin, tone = tones(pixels);
  const cover = enlarge(fillPrint(tone, side, area * (size / 28) ** 2), side, n, spline);
  const shade = enlarge(tone, side, n, mitchell), colour = colours(ramp);
  for (let p = 0; p < out.length; p++) {
    let alpha = (cover[p] - EDGE[0]) / (EDGE[1] - EDGE[0]);
    if (alpha <= 0) continue;
    alpha = alpha >= 1 ? 1 : alpha * alpha * (3 - 2 * alpha);
    const level = Math.max(0, Math.min(LEVELS - 1, Math.round(shade[p] * (LEVELS - 1))));
    out[p] = colour[level] | Math.round(255 * alpha) << 24;
  }
  return image;
};

function asIs({ pixels }) {                              // the network's own pixels, one to one
  const { size, channels } = shapeOf(pixels), image = new ImageData(size, size);
  for (let i = 0; i < size * size; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[i * channels + (channels === 1 ? 0 : c)];
    image.data[4 * i + 3] = 255;
  }
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}

function paint(canvas) {
  const picture = pictures.get(canvas), css = Math.min(canvas.clientWidth, canvas.clientHeight);
  const device = Math.round(css * devicePixelRatio);
  const pixelView = picture?.view === 'pixels', n = pixelView ? device : Math.min(picture?.most ?? MAX_CANVAS, device);
  if (!picture || n < 4) return;                         // on a hidden screen: the observer calls again
  if (canvas.width !== n || canvas.height !== n) canvas.width = canvas.height = n;
  const context = canvas.getContext('2d'), { size, channels } = shapeOf(picture.pixels);
  canvas.classList.toggle('px', pixelView || channels === 3);
  if (!pixelView && channels === 1) return context.putImageData(trama.dyeCloth(picture, n), 0, 0);
  const scale = pixelView ? Math.max(1, Math.floor(n / size)) * size : n, start = Math.floor((n - scale) / 2);
  context.clearRect(0, 0, n, n);
  context.imageSmoothingEnabled = !pixelView;
  context.imageSmoothingQuality = 'high';
  context.drawImage(asIs(picture), start, start, scale, scale);
}

const resized = new ResizeObserver(entries => entries.forEach(entry => paint(entry.target)));

const alike = (a, b) => a && a.pixels === b.pixels && a.most === b.most && a.area === b.area && a.view === b.view && String(a.ramp) === String(b.ramp);
trama.show = (canvas, picture) => {
  if (alike(pictures.get(canvas), picture)) return;
  if (!pictures.has(canvas)) resized.observe(canvas);
  pictures.set(canvas, picture);
  paint(canvas);
};
})();
