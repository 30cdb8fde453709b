/* Step 2, from noise to garment: z as threads, w, the garment; some numbers re-rolled, all, none; ten classes. */
(() => {
const { $, $$, setup } = trama, SVG = 'http://www.w3.org/2000/svg', LONGEST = 2.2, FAN = 24;

const threads = (root, count) => {
  if (root.children.length !== count) root.replaceChildren(...Array.from({ length: count }, () => trama.make('i')));
  return [...root.children];
};
/* A standard normal number (Box-Muller), within what the server takes. */
const normal = () => Math.max(-8, Math.min(8, Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())));

trama.lessonNoise = (root, server, solved) => {
  const strip = $('noise', root), style = $('style', root), swap = $('swap', root), big = $('woven', root), ten = $('ten', root);
  /* `base` is where it began, `other` what numbers become; `order` which go first; `own` are those that were tapped. */
  const here = { base: [], other: [], own: new Map(), order: [], swapped: 0, seed: null, label: 0, w: [], pixels: [] };
  const fresh = () => here.order.slice(0, here.swapped);
  const z = () => {
    const mixed = here.base.slice();
    for (const n of fresh()) mixed[n] = here.other[n];
    for (const [n, value] of here.own) mixed[n] = value;
    return mixed;
  };
  const picture = label => ({ pixels: here.pixels[label], area: setup.classes[label].area, ramp: setup.dyes.madder });

  const ask = trama.latest(server.weave, answer => {
    here.w = answer.w;
    here.pixels = trama.decode(answer.pixels);
    drawWoven();
  });
  const weave = () => { drawStrip(); ask({ noise: z() }); };

  function drawStrip() {
    const now = z(), changed = new Set([...fresh(), ...here.own.keys()]), count = now.length;
    threads(strip, count).forEach((thread, n) => {
      thread.style.setProperty('--n', Math.max(-1, Math.min(1, now[n] / LONGEST)).toFixed(2));
      thread.classList.toggle('new', changed.has(n));
    });
    strip.setAttribute('aria-label', trama.word('learn_noise_alt', { count, changed: changed.size }));
    $('noise-count', root).textContent = trama.word('learn_noise_count', { count });
    $('noise-seed', root).textContent = changed.size ? trama.word('learn_noise_changed', { changed: changed.size }) : here.seed === null ? '' : trama.word('seed_of', { seed: here.seed });
    swap.max = count;
    swap.value = here.swapped;
    trama.fill(swap);
    const told = trama.word('learn_of', { value: here.swapped, most: count });
    $('swapped', root).textContent = told;
    swap.setAttribute('aria-valuetext', told);
  }
  function drawWoven() {
    if (!here.pixels.length) return;
    const row = here.w[here.label], most = Math.max(...here.w.flat().map(Math.abs)), name = trama.className(here.label);
    threads(style, row.length).forEach((thread, n) => thread.style.setProperty('--n', (row[n] / most).toFixed(2)));
    style.setAttribute('aria-label', trama.word('learn_style_alt', { count: row.length }));
    $('style-count', root).textContent = trama.word('learn_style_count', { count: row.length });
    trama.show(big, picture(here.label));
    big.setAttribute('aria-label', trama.word('picture_alt', { name }));
    while (ten.children.length < here.pixels.length) {
      const item = trama.make('li'), button = trama.make('button', undefined, 'tile');
      button.append(trama.make('canvas', undefined, 'cloth'));
      item.append(button, trama.make('small'));
      ten.append(item);
    }
    here.pixels.forEach((_, label) => {
      const [button] = $$('button', ten.children[label]), [note] = $$('small', ten.children[label]);
      trama.show($$('canvas', button)[0], picture(label));
      note.textContent = trama.className(label);
      note.setAttribute('aria-hidden', 'true');
      button.setAttribute('aria-label', trama.className(label));
      button.setAttribute('aria-pressed', label === here.label);
      button.onclick = () => { here.label = label; drawWoven(); };
    });
  }
  function drawFan() {
    $('fan', root).replaceChildren(...Array.from({ length: FAN }, (_, n) => {
      const path = document.createElementNS(SVG, 'path'), x = (n + .5) / FAN * 100, end = 34 + x * .32;
      path.setAttribute('d', `M${x.toFixed(1)} 0C${x.toFixed(1)} 26 ${end.toFixed(1)} 18 ${end.toFixed(1)} 44`);
      return path;
    }));
  }
  const begin = noise => {
    here.base = noise;
    here.other = noise.map(normal);
    here.order = noise.map((_, n) => n).sort((a, b) => a * 37 % noise.length - b * 37 % noise.length);
    here.own.clear();
    here.swapped = 0;
  };
  swap.oninput = () => { here.swapped = Number(swap.value); weave(); };
  strip.onclick = event => {                             // one number by a finger; by keyboard it is the slider's first step
    const n = [...strip.children].indexOf(event.target);
    if (n < 0) return;
    here.own.set(n, normal());
    weave();
  };
  $('noise-roll', root).onclick = async () => {
    const seed = trama.randomSeed(), answer = await trama.ask(server.noise, { seed });
    if (!answer) return;
    here.seed = seed;
    begin(answer.noise);
    weave();
  };
  $('noise-mark', root).onclick = () => {
    const changed = new Set([...fresh(), ...here.own.keys()]).size, count = here.base.length;
    if (!changed) return solved('noise', () => trama.word('learn_noise_no'), false);
    solved('noise', () => trama.word('learn_noise_yes', { changed, count }));
  };
  return {
    draw() { drawStrip(); drawWoven(); },
    open(answer) {
      here.seed = answer.seed;
      here.label = answer.label;
      begin(answer.noise);
      drawFan();
      weave();
    },
  };
};
})();
