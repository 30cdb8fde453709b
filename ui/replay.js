/* Replay: one cursor through the moments of training, under the garment in hand and its line. */
const { $, $$, setup } = trama, root = element, STEP_MS = 650, MOST_FRAMES = 8;
const frames = $('frames', root), range = $('moment', root), big = $('big', root), strip = $('line', root), play = $('play', root);
const here = { wanted: null, framesOf: null, moments: [], best: null, curves: null, at: 0, garment: null, cloths: [], scores: [], reason: null, asked: null, guess: null, timer: 0 };
const isSeen = () => document.body.dataset.screen === 'replay';
const momentName = i => trama.images(here.moments[i].seen);
/* Moments stand at equal distances, as wide as training is to the eye; in between, images count by their logarithm. */
const placeOf = at => (at + .5) / here.moments.length * 100;
function placeOfImages(images) {
  const seen = here.moments.map(moment => moment.seen), after = seen.findIndex(count => count >= images);
  if (after === 0) return images / seen[0] * placeOf(0);
  if (after < 0) return placeOf(seen.length - 1);
  return placeOf(after - 1 + Math.log(images / seen[after - 1]) / Math.log(seen[after] / seen[after - 1]));
}
/* Of many moments every second, or third, has a frame, the last always; the slider goes through all. */
const apart = () => Math.ceil(here.moments.length / MOST_FRAMES);
const framed = i => (here.moments.length - 1 - i) % apart() === 0;
const picture = pixels => ({ pixels, area: trama.areaOf(here.garment), ramp: trama.rampOf(here.garment), view: 'smooth' });

/* the garment at the cursor */
function drawMoment() {
  if (!here.garment) return;
  const { at, garment } = here, moment = momentName(at), name = trama.nameOf(garment);
  $('lm', root).style.setProperty('--t', at);
  range.value = at;
  range.setAttribute('aria-valuetext', trama.word('replay_images', { count: moment }));
  trama.fill(range);
  trama.press($$('button', frames), b => Number(b.dataset.at) === at);
  trama.rove(frames);
  $('name', root).textContent = name;
  $('told', root).textContent = trama.word('replay_images', { count: moment });
  big.setAttribute('aria-label', trama.word('replay_alt', { name, count: moment }));
  trama.show(big, picture(here.cloths[at]));
  $('judged', root).hidden = !here.scores.length;
  if (here.scores.length) {
    $('score', root).textContent = trama.word('replay_score', { score: here.scores[at] });
    $('meter', root).style.setProperty('--v', `${here.scores[at]}%`);
    $('meter', root).setAttribute('aria-label', trama.word('replay_score', { score: here.scores[at] }));
  }
  drawMeasure();
  drawLossesHere();
  const note = $('note', root), key = here.reason === 'film_photo' ? 'replay_photo' : here.reason ? 'replay_other' : Object.keys(garment.edits).length ? 'replay_edits' : '';
  note.hidden = !key;
  note.textContent = key && trama.word(key);
}
function drawFrames() {
  if (!here.garment) return;
  const count = here.moments.length, width = 100 / Math.ceil(count / apart());
  $('lm', root).style.setProperty('--n', count);
  $('lm', root).style.setProperty('--w', `${width}%`);
  range.max = count - 1;
  while (frames.children.length < count) {
    const item = document.createElement('li'), button = document.createElement('button'), canvas = document.createElement('canvas'), at = frames.children.length;
    const tick = document.createElement('span'), seen = framed(at), left = Math.max(0, Math.min(100 - width, placeOf(at) - width / 2));
    canvas.className = 'cloth';
    button.dataset.at = at;
    button.append(canvas);
    button.onclick = () => go(at);
    item.append(button);
    item.hidden = tick.hidden = !seen;
    for (const e of [item, tick]) e.style.setProperty('--x', `${left}%`);
    frames.append(item);
    $('ticks', root).append(tick);
  }
  [...frames.children].forEach(({ firstChild: button }, i) => {
    button.setAttribute('aria-label', trama.word('replay_images', { count: momentName(i) }));
    if (framed(i)) trama.show(button.firstChild, picture(here.cloths[i]));
    $('ticks', root).children[i].textContent = momentName(i);
  });
  drawMoment();
}

/* R of the moments, on a scale of its logarithm, shown once the question is answered; one without a measure says so */
const measureOf = i => here.moments[i].r === null ? trama.word('replay_unmeasured') : trama.word('replay_r_is', { r: trama.number(here.moments[i].r, 1) });
function drawMeasure() {
  if (!here.moments.length) return;
  const { r } = here.moments[here.at], count = momentName(here.at);
  $('r-here', root).textContent = r === null ? trama.word('replay_r_none', { count }) : trama.word('replay_r_of', { count, r: trama.number(r, 1) });
}
function drawCurve() {
  const all = here.moments.map(({ r }, i) => ({ r, i })), judged = all.filter(({ r }) => r !== null);
  $('ask', root).hidden = here.best === null;
  $('no-r', root).hidden = here.best !== null;
  $('curve', root).hidden = $('answer', root).hidden = here.guess === null;
  $('unmeasured', root).hidden = judged.length === all.length;
  if (here.guess === null) return;
  const most = Math.log(Math.max(...judged.map(({ r }) => r))) || 1, place = ({ r, i }) => [placeOf(i), 100 - Math.log(r) / most * 100];
  $$('.r', $('chart', root))[0].setAttribute('d', judged.map((point, n) => `${n ? 'L' : 'M'}${place(point).map(v => v.toFixed(2)).join(' ')}`).join(''));
  $('dots', root).replaceChildren(...all.flatMap(point => {
    const [x, y] = point.r === null ? [placeOf(point.i), 100] : place(point), dot = document.createElement('i'), text = document.createElement('span');
    for (const e of [dot, text]) { e.style.setProperty('--x', `${x}%`); e.style.setProperty('--y', `${y}%`); }
    if (point.r === null) { dot.className = 'none'; return [dot]; }
    text.textContent = framed(point.i) || point.i === here.best ? trama.number(point.r, 1) : '';
    text.className = point.i === here.best ? 'best' : '';
    return [dot, text];
  }));
  const points = all.map(({ i }) => `${momentName(i)}: ${measureOf(i)}`).join('; ');
  $('chart', root).setAttribute('aria-label', trama.word('replay_chart', { points }));
  const best = { best: momentName(here.best), r: trama.number(here.moments[here.best].r, 1), guess: momentName(here.guess), there: measureOf(here.guess) };
  $('answer', root).textContent = trama.word(here.guess === here.best ? 'replay_right' : 'replay_wrong', best);
}

/* the losses in between, where the folder keeps them, on the same scale */
const lossAt = (name, at) => {
  const { images_seen: seen } = here.curves, wanted = here.moments[at].seen, after = seen.findIndex(count => count >= wanted);
  return here.curves[name][after < 0 ? seen.length - 1 : after];
};
function drawLossesHere() {
  if (!here.curves) return;
  const [maker, critic] = ['generator_loss', 'critic_loss'].map(name => trama.number(lossAt(name, here.at), 2));
  $('loss-maker', root).textContent = trama.word('replay_loss_maker', { value: maker });
  $('loss-critic', root).textContent = trama.word('replay_loss_critic', { value: critic });
  $('loss-chart', root).setAttribute('aria-label', `${trama.word('replay_losses_chart', { count: momentName(here.at), maker, critic })}; ${here.scale}`);
}
function drawLosses() {
  $('losses', root).hidden = !here.curves;
  $('no-losses', root).hidden = !!here.curves;
  if (!here.curves) return;
  const { images_seen, critic_loss, generator_loss } = here.curves, both = [...critic_loss, ...generator_loss].sort((a, b) => a - b);
  const high = Math.max(1, both[Math.floor(both.length * .98)] * 1.1), x = images_seen.map(placeOfImages);
  here.scale = trama.curves($('loss-chart', root), [{ name: 'g', values: generator_loss, x }, { name: 'c', values: critic_loss, x }], x.length, high);
}

/* the line at the cursor */
const askLine = trama.latest(server.line_then, answer => {
  const cloths = trama.decode(answer.pixels);
  while (strip.children.length < cloths.length) {
    const item = document.createElement('li'), canvas = document.createElement('canvas');
    item.className = 'tile';
    canvas.className = 'cloth';
    canvas.setAttribute('role', 'img');
    item.append(canvas);
    strip.append(item);
  }
  cloths.forEach((pixels, label) => {
    const canvas = strip.children[label].firstChild;
    canvas.setAttribute('aria-label', trama.word('replay_then', { name: trama.className(label) }));
    trama.show(canvas, { pixels, area: setup.classes[label].area, ramp: trama.rampOf(here.garment), view: 'smooth' });
  });
  $('line-told', root).textContent = trama.word('replay_images', { count: momentName(here.at) });
}, busy => strip.setAttribute('aria-busy', busy));
function go(at) {
  here.at = at;
  drawMoment();
  askLine({ recipe: here.asked, moment: at });
}

/* playing: only when asked, once through */
function pause() {
  clearInterval(here.timer);
  here.timer = 0;
  play.setAttribute('aria-pressed', 'false');
}
play.onclick = () => {
  if (here.timer || !here.garment) return pause();
  play.setAttribute('aria-pressed', 'true');
  go(0);
  here.timer = setInterval(() => here.at + 1 < here.moments.length && isSeen() ? go(here.at + 1) : pause(), STEP_MS);
};
range.oninput = () => { pause(); if (here.garment) go(Number(range.value)); };
$('stop', root).onclick = () => { if (!here.garment) return; pause(); here.guess = here.at; drawCurve(); };
for (const button of $$('[data-save]', root)) button.onclick = async () => {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  const answer = await trama.ask(server.save_film, { recipe: here.asked, kind: button.dataset.save });
  button.setAttribute('aria-busy', 'false');
  if (!answer) return;
  trama.hand(answer.file, `${trama.nameOf(here.garment)}-${trama.word('replay_file')}.${button.dataset.save}`);
  trama.say(trama.word('replay_saved', { kind: button.dataset.save.toUpperCase() }));
};

/* the garment in hand, whenever the screen is seen */
const askFrames = trama.latest(server.frames, (answer, asked, settled) => {
  Object.assign(here, { garment: answer.garment, cloths: trama.decode(answer.pixels), scores: answer.scores, reason: answer.reason ?? null, asked: answer.garment.recipe });
  here.framesOf = asked.recipe;
  drawFrames();
  if (settled) go(here.at);
}, busy => { if (!busy) here.wanted = here.framesOf; }); // what failed may be asked for again
async function open() {
  if (!isSeen()) return pause();
  if (!here.moments.length) {
    const answer = await trama.ask(server.moments, {});
    if (!answer) return;
    Object.assign(here, answer, { at: answer.moments.length - 1 });
    drawCurve();
    drawLosses();
  }
  const recipe = trama.garment ? trama.recipe(trama.garment) : null;
  if (here.garment && (!recipe || recipe === here.wanted)) return;
  here.wanted = recipe;
  askFrames({ recipe });
}
$('enlarge', root).onclick = () => { if (trama.garment) trama.enlarge([trama.garment]); };  // back to where one comes from
$('open-line', root).onclick = () => { if (here.garment) trama.emit('open-line', { seed: here.garment.seed, daring: here.garment.daring }); };
const areas = $$('.areas a', root);
for (const a of areas) a.hidden = !setup.screens.includes(a.dataset.go);
areas[0].parentNode.hidden = areas.filter(a => !a.hidden).length < 2;
$('line-section', root).hidden = !setup.screens.includes('line');
for (const event of ['screen', 'garment', 'dye']) trama.on(event, open);
trama.mount(root, () => { drawFrames(); if (here.moments.length) { drawCurve(); drawLosses(); drawMoment(); } });
open();
