/* Your photo: corrected, as the network sees it, and as it weaves it. */
(() => {
const { $, $$, setup } = trama, model = props.first, root = element;
const PAUSE_MS = 200, REST_MS = 450, GROWN = .03, NEAR = .3, NONE = { crop: null, turns: 0, tilt: null, flip: false, invert: 'auto', background: .5 };
const tilt = $('tilt', root), ground = $('ground', root), near = $('near', root), picked = $('class', root), cropping = $('cropping', root);
/* `pixels` are what the network sees; `ends` the garments that come closest and that edit best, `shown` the one between; `label` is a class that the visitor chose, `guess` the network's. */
const here = { source: null, photo: null, corrections: { ...NONE }, reading: null, pixels: null, ends: null, shown: null, label: null, guess: null, run: 0, job: null, near: NEAR, opened: 0 };
const seen = () => document.body.dataset.screen === 'photo';
const inverts = () => here.corrections.invert !== 'auto';

/* a photo comes */
async function open(file) {                              // or a promise of one
  if (!file) return;
  const turn = ++here.opened;
  stop();
  const { canvas, photo, problem } = await trama.smallPhoto(await file);
  if (turn !== here.opened) return;                      // a later one was ready before
  if (problem) { tell(problem); return drawResult(); }   // the earlier photo stays, and may be woven again
  Object.assign(here, { source: canvas, photo, corrections: { ...NONE }, reading: null, pixels: null, ends: null, shown: null, label: null, guess: null, near: NEAR });
  $('steps', root).hidden = !canvas;
  tell(null);
  if (canvas) { stand(); trama.say(trama.word('photo_reading')); }
  drawResult();
  read();
}
function tell(problem) {
  const part = $('problem', root);
  part.textContent = problem ? trama.word(`photo_wrong_${problem}`) : '';
  part.hidden = !problem;
  here.problem = problem;
  $('bring', root).hidden = !!here.source;
  $('change', root).classList.toggle('away', !here.source);
}
for (const name of ['file', 'change-file']) $(name, root).onchange = event => { open(event.target.files[0]); event.target.value = ''; };
root.addEventListener('dragover', () => root.classList.add('over'));
for (const name of ['dragleave', 'drop']) root.addEventListener(name, () => root.classList.remove('over'));
root.addEventListener('drop', event => {
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  event.preventDefault();
  event.stopPropagation();                               // elsewhere on the page a file is looked at for its recipe
  open(file);
});
trama.on('open-photo', open);                            // one that was dropped on another screen
function samples() {
  $('samples', root).replaceChildren(...model.samples.map(([name, address]) => {
    const item = document.createElement('li'), button = document.createElement('button'), image = document.createElement('img');
    Object.assign(image, { src: address, alt: trama.word(`photo_sample_${name}`), width: 320, height: 320 });
    button.append(image);
    button.dataset.sample = name;
    button.onclick = () => open(fetch(address).then(answer => answer.blob()));
    item.append(button);
    return item;
  }));
}

/* 1: correct */
const crop = trama.crop(root, (box, done) => {
  const clamped = box.map(side => Math.min(1, Math.max(0, side)));
  change({ crop: clamped, tilt: here.corrections.tilt ?? here.reading?.tilt ?? 0 }, done);
});
const ask = trama.latest(server.read_photo, (answer, asked, last) => {
  if (asked.photo !== here.photo) return;                // another photo was chosen in the meantime
  tell(answer.problem ?? null);
  if (answer.problem) { here.pixels = here.reading = null; stop(); drawResult(); return trama.say(trama.word(`photo_wrong_${answer.problem}`)); }
  Object.assign(here, { reading: answer, guess: null });   // the guess was of other pixels
  [here.pixels] = trama.decode(answer.pixels);
  [here.before] = trama.decode(answer.before);
  drawReading();
  if (last) settle();
}, busy => $('photo-frame', root).setAttribute('aria-busy', busy));
const read = () => ask({ photo: here.photo, corrections: here.corrections });
function change(some, done = true) {
  Object.assign(here.corrections, some);
  stop();
  drawControls();
  if (done) read();
}
const stand = () => {
  const canvas = $('shown', root), shot = $('shot', root);
  trama.standing(here.source, here.corrections, canvas);
  const wide = canvas.width / canvas.height;
  shot.style.width = `${Math.min(1, wide) * 100}%`;
  shot.style.height = `${Math.min(1, 1 / wide) * 100}%`;
  crop.show([0, 0, 1, 1], 0);
};
$('turn', root).onclick = () => { change({ turns: (here.corrections.turns + 1) % 4, crop: null, tilt: null }); stand(); };
$('flip', root).onclick = () => { change({ flip: !here.corrections.flip, turns: here.corrections.turns % 2 ? (4 - here.corrections.turns) : here.corrections.turns, crop: null, tilt: here.corrections.tilt && -here.corrections.tilt }); stand(); };
$('invert', root).onclick = () => change({ invert: inverts() ? 'auto' : here.reading?.inverted ? 'off' : 'on' });
cropping.onclick = () => { cropping.setAttribute('aria-pressed', cropping.getAttribute('aria-pressed') !== 'true'); drawControls(); };
$('auto', root).onclick = () => { change({ ...NONE }); stand(); trama.say(trama.word('photo_auto_done')); };
tilt.oninput = () => { change({ tilt: Number(tilt.value) }, false); crop.turn(here.corrections.tilt); };
tilt.onchange = read;
ground.oninput = () => change({ background: Number(ground.value) }, false);
ground.onchange = read;
function drawControls() {
  const { corrections, reading } = here, turned = corrections.tilt ?? reading?.tilt ?? 0;
  tilt.value = turned;
  $('tilt-value', root).textContent = trama.word('photo_degrees', { value: trama.number(turned) });
  tilt.setAttribute('aria-valuetext', $('tilt-value', root).textContent);
  ground.value = corrections.background;
  $('ground-value', root).textContent = trama.word(corrections.background ? 'photo_ground_taken' : 'photo_ground_left');
  ground.setAttribute('aria-valuetext', `${$('ground-value', root).textContent}, ${trama.number(corrections.background, 2)}`);
  trama.fill(ground);
  tilt.style.setProperty('--a', '0%');
  tilt.style.setProperty('--z', `${(turned + 45) / 90 * 100}%`);
  $('flip', root).setAttribute('aria-pressed', corrections.flip);
  $('invert', root).setAttribute('aria-pressed', inverts());
  crop.edit(cropping.getAttribute('aria-pressed') === 'true');
  $('auto', root).hidden = JSON.stringify(corrections) === JSON.stringify(NONE);
}
function report() {
  const { reading, corrections } = here, did = [];
  if (corrections.tilt === null && reading.tilt) did.push(trama.word('photo_did_tilt', { value: trama.number(Math.abs(reading.tilt)) }));
  if (reading.background === 'taken') did.push(trama.word('photo_did_ground'));
  const told = did.length ? [trama.word('photo_did', { list: trama.list(did) })] : [];
  if (reading.background === 'transparent') told.push(trama.word('photo_transparent'));
  if (reading.animated) told.push(trama.word('photo_animated'));
  if (reading.sure < .6) told.push(trama.word('photo_unsure'));
  return told.join(' ');
}
function drawReading() {
  const { reading, corrections } = here, [l, t, r, b] = corrections.crop ?? reading.box;
  const [x, y] = corrections.crop ? [0, 0] : [(r - l) * GROWN, (b - t) * GROWN];
  crop.show([l - x, t - y, r + x, b + y], reading.tilt);
  drawControls();
  $('report', root).textContent = report();
  const plain = pixels => ({ pixels, area: 0, ramp: setup.dyes.ink, view: 'pixels' });
  trama.show($('seen', root), plain(here.pixels));
  trama.show($('before', root), plain(here.before));
  $('seen', root).setAttribute('aria-label', trama.word('photo_seen_alt', { size: setup.size }));
  $('seen-note', root).textContent = trama.word(setup.dyed ? 'photo_seen_note' : 'photo_seen_note_colour', { size: setup.size });
}

/* 3: weave */
let resting = null;
function settle() {                                      // a visitor who corrects on would only wait
  clearTimeout(resting);
  resting = setTimeout(weave, REST_MS);
}
function stop() {
  clearTimeout(resting);
  here.run++;
  if (here.job) server.weave_stop({ job: here.job });
  here.job = null;
  going(false);
}
function going(on) {
  $('going', root).hidden = !on;
  $('steps', root).setAttribute('aria-busy', on);
}
function rest() {                                        // woven or not: what had the focus of Stop is seen
  const held = document.activeElement === $('stop', root);
  going(false);
  drawResult();
  if (held) [$('again', root), picked, $('use', root)].find(control => control.checkVisibility()).focus({ preventScroll: true });
}
const pause = () => new Promise(done => setTimeout(done, PAUSE_MS));
async function weave() {
  if (!here.pixels || !model.weaves || !seen()) return;
  const held = [picked, $('again', root)].includes(document.activeElement);
  stop();
  const run = here.run, dye = here.reading.dye;
  Object.assign(here, { ends: null, shown: null });
  going(true);
  drawResult();
  if (held) $('stop', root).focus({ preventScroll: true });   // what was pressed is hidden now
  $('progress', root).value = 0;
  const begun = await trama.ask(server.weave_photo, { pixels: btoa(String.fromCharCode(...here.pixels)), label: here.label, dye });
  if (run !== here.run) { if (begun) server.weave_stop(begun); return; }
  here.job = begun?.job ?? null;
  while (here.job && run === here.run) {
    await pause();
    if (run !== here.run) return;
    const step = await trama.ask(server.weave_step, { job: here.job });
    if (run !== here.run) return;
    if (!step || step.done) { here.job = null; if (step?.garments) return woven(step); break; }
    $('progress', root).value = step.progress;
    if (step.pixels) draft(trama.decode(step.pixels)[0]);
  }
  rest();
}
const ramp = () => setup.dyes[here.reading?.dye] ?? setup.dyes.ink;
function draft(pixels) {
  const area = setup.classes[here.label ?? 0].area;
  trama.show($('woven', root), { pixels, area, ramp: ramp(), most: 420 });
  trama.show($('after', root), { pixels, area: 0, ramp: setup.dyes.ink, view: 'pixels' });
}
function woven(answer) {
  here.ends = trama.take(answer);
  Object.assign(here, { shown: here.ends[0], verdict: answer.verdict });
  if (here.label === null) here.guess = here.ends[0].label;
  between();
  rest();
  filling.open(here.pixels, here.ends[0]);
  trama.say(`${trama.word(verdict())}. ${$('error', root).textContent}`);
}
$('stop', root).onclick = () => { if (here.job) server.weave_stop({ job: here.job }); };  // it ends with what it has
$('again', root).onclick = weave;
const atEnd = () => here.near === 0 || here.near === 1;
const askBetween = trama.latest(trama.server.mix, (answer, asked) => {
  if (!here.ends || asked.recipes[0] !== here.ends[0].recipe || atEnd()) return;   // an end has been shown since
  [here.shown] = trama.take(answer);
  drawResult();
});
function between() {
  const [close, easy] = here.ends, share = here.near;
  if (atEnd()) { here.shown = share ? easy : close; return drawResult(); }
  const shares = [1 - share, share].map(part => Math.round(part * 1e4) / 1e4);
  askBetween({ recipes: [close.recipe, easy.recipe], shape: shares, pattern: shares });
}
near.oninput = () => { here.near = Number(near.value); if (here.ends) between(); drawNear(); };
const error = () => Math.sqrt(here.shown.pixels.reduce((sum, value, i) => sum + (value - here.pixels[i]) ** 2, 0) / here.pixels.length) / 255;
const reach = () => model.reach?.[0].map((least, i) => least + here.near * (model.reach[1][i] - least));
function verdict() {
  const off = error(), usual = reach();
  if (here.verdict === 'none' || usual && off > 1.8 * usual[2]) return 'photo_none';
  return !usual ? 'photo_woven' : off <= usual[1] ? 'photo_close' : off <= usual[2] ? 'photo_not_equal' : 'photo_far';
}
function drawNear() {
  near.value = here.near;
  trama.fill(near);
  near.setAttribute('aria-valuetext', trama.word('photo_near_value', { value: Math.round((1 - here.near) * 100) }));
}
function drawResult() {
  const garment = here.shown;
  $('result', root).hidden = !garment;
  $('again', root).hidden = !!garment || !here.pixels || !!here.job || !model.weaves || !$('going', root).hidden;
  $('weave-note', root).textContent = !model.weaves ? trama.word('photo_cannot') : garment || !$('again', root).hidden ? '' : here.pixels ? trama.word('photo_weaving') : trama.word('photo_waiting');
  $('woven', root).style.visibility = garment || here.pixels ? '' : 'hidden';
  if (!garment) return;
  const off = error(), usual = reach(), digits = value => trama.number(value, 3), scale = $('scale', root);
  trama.show($('woven', root), trama.picture(garment));
  trama.show($('after', root), trama.picture(garment, 'pixels'));
  $('woven', root).setAttribute('aria-label', trama.word('picture_alt', { name: trama.nameOf(garment) }));
  const told = verdict();
  $('verdict', root).textContent = trama.word(told);
  $('use', root).classList.toggle('p', told !== 'photo_none');   // what is no garment may be used, but is not asked to be
  $('error', root).textContent = trama.word('photo_error', { value: digits(off) });
  scale.hidden = $('reach', root).hidden = !usual;
  if (usual) {
    const percent = value => `${Math.min(100, value / (2 * usual[2]) * 100)}%`, [low, , high] = usual.map(digits);
    scale.style.setProperty('--from', percent(usual[0]));
    scale.style.setProperty('--wide', percent(usual[2] - usual[0]));
    scale.style.setProperty('--v', percent(off));
    scale.setAttribute('aria-label', trama.word('photo_scale_alt', { value: digits(off), low, high }));
    $('reach', root).textContent = trama.word('photo_reach', { low, high });
  }
  picked.options[0].text = here.guess === null ? trama.word('photo_guess') : trama.word('photo_guess_of', { name: trama.className(here.guess) });
  picked.value = here.label ?? '';
  $('class-row', root).hidden = setup.classes.length < 2;
  trama.heart($('heart', root), garment);
  drawNear();
}
picked.onchange = () => { here.label = picked.value === '' ? null : Number(picked.value); weave(); };

/* from here on it is a garment like any other */
const named = () => ({ name: trama.nameOf(here.shown), letter: 'A' });
$('use', root).addEventListener('click', () => { trama.put('a', here.shown); trama.note(trama.word('put_done', named())); });
$('adjust', root).addEventListener('click', () => trama.choose(here.shown));
$('children', root).addEventListener('click', () => { trama.choose(here.shown); trama.emit('children', here.shown); });
$('line', root).addEventListener('click', () => trama.emit('open-line', { seed: here.ends[here.near < .5 ? 0 : 1].seed, daring: 1 }));
for (const [name, screen] of [['adjust', 'adjust'], ['line', 'line']]) $(name, root).hidden = !setup.screens.includes(screen);
trama.on('collection', () => { if (here.shown) trama.heart($('heart', root), here.shown); });
trama.on('dye', garment => { if (here.shown && trama.same(garment, here.shown)) drawResult(); });
trama.on('screen', () => { if (!seen()) stop(); else if (here.pixels && !here.ends) settle(); });

const filling = trama.filling(root, server);             // what is erased of it is filled in below
trama.mount(root, () => {
  $('bare', root).hidden = model.encoder || !model.weaves;
  $('bare', root).textContent = trama.word('photo_no_encoder');
  picked.replaceChildren(new Option('', ''), ...setup.classes.map((_, label) => new Option(trama.className(label), label)));
  samples();
  tell(here.problem ?? null);
  drawControls();
  drawNear();
  if (here.reading) drawReading();
  drawResult();
  filling.draw();
});
})();
