/* Erase and complete: what is missing of a picture, in several ways. `filling` is the part of the screen that it lives in. */
(() => {
const { $, $$ } = trama, COUNT = 6, PAUSE_MS = 200, OPAQUE = 128;
const SLEEVELESS = /trouser|sandal|sneaker|shoe|bag|boot/i;   // its right side is no sleeve
const text = bytes => btoa(String.fromCharCode(...bytes));

trama.filling = (root, server) => {
  const big = $('erased', root), list = $('options', root), different = $('different', root), go = $('complete', root);
  /* `like` is the garment whose class and dye the picture has; `options` are garments with the completed pixels. */
  const here = { like: null, pixels: null, options: [], chosen: -1, different: .8, seed: 1, job: null, busy: false, run: 0 };
  const eraser = trama.eraser(root, () => { stop(); here.options = []; here.chosen = -1; drawOptions(); drawActs(); });   // what is on its way is of another mask

  const picture = pixels => trama.picture(here.like, 'smooth', pixels);
  const shown = () => here.options[here.chosen]?.pixels ?? here.pixels;
  function drawPicture() {
    if (!here.pixels) return;
    const taken = here.chosen >= 0;
    trama.show(big, picture(shown()));
    big.setAttribute('aria-label', trama.word(taken ? 'option_alt' : 'erased_alt', { number: here.chosen + 1, name: trama.kindOf(here.like) }));
    $('veil', root).classList.toggle('away', taken);
  }
  function option(garment, number) {
    const item = document.createElement('li'), button = document.createElement('button'), canvas = document.createElement('canvas');
    button.className = 'option';
    canvas.className = 'cloth';
    button.append(canvas);
    const { opinion } = garment, name = trama.word('option', { number: number + 1 });
    button.setAttribute('aria-label', opinion ? trama.word('option_opinion', { name, score: Math.round(opinion.score), word: trama.word(`opinion_${opinion.word}`) }) : name);
    if (opinion) {
      const meter = document.createElement('span'), told = document.createElement('span');
      meter.className = 'meter';
      meter.style.setProperty('--v', `${opinion.score}%`);
      meter.append(document.createElement('i'));
      told.className = 'told';
      told.append(...[trama.word(`opinion_${opinion.word}`), Math.round(opinion.score)].map(part => { const span = document.createElement('span'); span.textContent = part; return span; }));
      button.append(meter, told);
    }
    button.setAttribute('aria-pressed', number === here.chosen);
    button.onclick = () => {
      here.chosen = here.chosen === number ? -1 : number;
      trama.press($$('button', list), b => b === button && here.chosen >= 0);
      drawPicture();
      drawActs();
      if (here.chosen >= 0) trama.bring($('erase', root), 'nearest');
    };
    item.append(button);
    requestAnimationFrame(() => trama.show(canvas, picture(garment.pixels)));
    return item;
  }
  function drawOptions() {
    const empty = () => { const item = document.createElement('li'); item.className = 'waiting'; return item; };
    list.hidden = !here.options.length && !here.busy;    // what is to come is told in a line, not in empty boxes
    list.replaceChildren(...here.options.length ? here.options.map(option) : Array.from({ length: COUNT }, empty));
    list.setAttribute('aria-busy', here.busy);
    drawPicture();
  }
  function drawActs() {
    const taken = here.chosen >= 0, missing = eraser.mask.some(Boolean);
    go.textContent = trama.word(here.busy ? 'fill_stop' : here.options.length ? 'complete_again' : 'complete');
    go.disabled = !missing;
    $('take', root).textContent = taken ? trama.word('take', { number: here.chosen + 1 }) : trama.word('take_none');
    $('take', root).disabled = !taken;
    $('take', root).hidden = !here.options.length;
    $('option-acts', root).hidden = !taken;              // the photo above has acts of the same kind
    for (const [name, word] of [['fill-adjust', 'fill_adjust'], ['fill-a', 'fill_a']]) $(name, root).textContent = trama.word(word, { number: here.chosen + 1 });
    const { classes } = here.like, [[label]] = classes.length ? classes : [[0]];
    $$('[data-preset=sleeve]', root)[0].textContent = trama.word(SLEEVELESS.test(trama.setup.classes[label]?.en) ? 'preset_side' : 'preset_sleeve');
    $('fill-next', root).textContent = trama.word(missing ? 'fill_next' : 'fill_nothing');
    $('fill-next', root).hidden = !list.hidden;
    $('fill-note', root).hidden = !here.options.length;
    different.value = here.different;
    $('different-value', root).textContent = trama.number(here.different, 2);
    trama.fill(different);
  }

  function open(pixels, like, mask) {
    stop();
    Object.assign(here, { pixels, like });
    eraser.open(pixels, mask);
  }
  function stop() {                                      // also before the server has said which job it is
    here.run++;
    if (here.job) server.complete_stop({ job: here.job });
    Object.assign(here, { job: null, busy: false });
  }

  async function complete() {
    const again = here.options.length > 0;
    here.seed = again ? trama.randomSeed() : 1;
    const request = { pixels: text(here.pixels), mask: text(eraser.mask), different: here.different, seed: here.seed, count: COUNT };
    const run = ++here.run, other = () => run !== here.run;
    Object.assign(here, { busy: true, chosen: -1 });
    drawOptions();
    drawActs();
    trama.say(trama.word('completing'));
    const begun = await trama.ask(server.complete, request);
    if (other()) { if (begun) server.complete_stop(begun); return; }
    here.job = begun?.job ?? null;
    while (here.job) {
      await new Promise(done => setTimeout(done, PAUSE_MS));
      if (other()) return;
      const answer = await trama.ask(server.complete_step, { job: here.job });
      if (other()) return;
      if (answer && !answer.done) { go.textContent = trama.word('fill_stop_at', { value: Math.round(answer.progress * 100) }); continue; }
      here.job = null;
      if (answer?.garments) {
        here.options = trama.take(answer).map((garment, i) => ({ ...garment, opinion: answer.opinions?.[i] }));
        here.chosen = -1;                                // that was one of those before
        trama.say(trama.word('completed', { count: here.options.length }));
      }
    }
    here.busy = false;
    drawOptions();
    drawActs();
    if (here.options.length) trama.bring(list, 'start');
  }
  go.onclick = () => {
    if (!here.busy) return complete();
    stop();
    drawOptions();
    drawActs();
  };
  different.oninput = () => { here.different = Number(different.value); drawActs(); };

  /* What is done with an option: its recipe is what the network wove, its picture also what was known. */
  const dyed = () => ({ ...here.options[here.chosen], dyes: trama.dyesOf(here.like) });
  const woven = async () => {
    const answer = await trama.ask(trama.server.open, { recipe: trama.recipe(dyed()) });
    return answer && { ...trama.take(answer)[0], completed: true };
  };
  $('take', root).onclick = () => {
    const { pixels } = here.options[here.chosen], number = here.chosen + 1;
    open(pixels, here.like);
    trama.say(trama.word('taken', { number }));
    $('erase', root).focus({ preventScroll: true });
  };
  $('fill-a', root).onclick = async () => {
    const garment = await woven();
    if (!garment) return;
    trama.put('a', garment);
    trama.note(trama.word('put_done', { name: trama.nameOf(garment), letter: 'A' }));
  };
  $('fill-adjust', root).onclick = async () => {
    const garment = await woven();
    if (!garment) return;
    trama.choose(garment);
    trama.turnTo('adjust');
  };
  $('fill-save', root).onclick = async () => {
    const chosen = dyed();
    const answer = await trama.ask(server.completed_picture, { pixels: text(chosen.pixels), recipe: trama.recipe(chosen) });
    if (!answer) return;
    trama.hand(answer.png, `${trama.word('completed_file')}.png`);
    trama.say(trama.word('saved'));
  };

  /* Where the picture comes from. */
  $('fill-hand', root).onclick = () => open(trama.garment.pixels, trama.garment);
  $('fill-file', root).onchange = async event => {
    const [file] = event.target.files;
    event.target.value = '';
    if (!file) return;
    const read = await drawnSmall(file);
    if (!read) return trama.tell('fill_unreadable', { name: file.name });
    open(read.pixels, here.like, read.mask);
  };
  async function drawnSmall(file) {                      // the model's own size; what is transparent is missing
    const { size, channels } = trama.setup;
    let image;
    try { image = await createImageBitmap(file); } catch { return null; }
    if (image.width * image.height > 6e7) return null;
    const canvas = document.createElement('canvas'), context = canvas.getContext('2d', { willReadFrequently: true });
    canvas.width = canvas.height = size;
    const scale = size / Math.max(image.width, image.height);
    context.imageSmoothingEnabled = scale < 1;
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, (size - image.width * scale) / 2, (size - image.height * scale) / 2, image.width * scale, image.height * scale);
    const { data } = context.getImageData(0, 0, size, size), pixels = new Uint8Array(size * size * channels), mask = new Uint8Array(size * size);
    for (let i = 0; i < size * size; i++) {
      const [r, g, b, a] = data.subarray(4 * i, 4 * i + 4);
      mask[i] = a < OPAQUE ? 1 : 0;
      if (channels === 1) pixels[i] = mask[i] ? 0 : Math.round(.299 * r + .587 * g + .114 * b);
      else pixels.set(mask[i] ? [0, 0, 0] : [r, g, b], 3 * i);
    }
    return { pixels, mask };
  }

  trama.on('dye', () => { if (here.like) drawOptions(); });
  here.like = trama.garment;
  here.pixels = trama.garment.pixels;
  eraser.open(here.pixels);
  eraser.preset('sleeve');                               // something is missing already: one button shows what this is
  const draw = () => { eraser.draw(); drawOptions(); drawActs(); };
  return { draw, open };                                 // the photo of the same screen is opened by its own part
};
})();
