/* Step 4, train one here: knobs, a place in the queue, a sheet and two curves while the server trains. */
(() => {
const { $, $$, setup } = trama, PAUSE_MS = 300, BOOT = 'Boot', WON = .05, HOPELESS = 100, LEAP = 60, ALIKE = .5, RECENT = 20, FEWEST = 8, SILHOUETTES = 2500;
const KNOBS = {                                          // from 0..100 to what the server takes, and how it is told
  learning_rate: { usual: 43, value: v => 10 ** (-4 + v * .03), told: v => trama.number(v, v < .001 ? 5 : v < .01 ? 4 : 3) },
  critic_strength: { usual: 50, value: v => 10 ** (-1.5 + v * .03), told: v => `${trama.number(v, v < 1 ? 2 : 1)} ×` },
  penalty: { usual: 50, value: v => v / 50, told: v => trama.number(v, 2) },
};
const STAMPS = { overpowering: () => trama.word('stamp_overpowering'), fast: () => trama.word('stamp_fast') };
const wait = () => new Promise(done => setTimeout(done, PAUSE_MS));
const mean = values => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

/* Mean standard deviation of the pixels over a sheet: near 0 where all garments are alike. */
const spread = sheet => mean(Array.from(sheet[0], (_, p) => {
  const at = sheet.map(pixels => pixels[p]), middle = mean(at);
  return Math.sqrt(mean(at.map(value => (value - middle) ** 2)));
}));

trama.lessonTrain = (root, server, usualSpread) => {
  const part = $('train', root), go = $('train-go', root), say = $('train-say', root), stamps = $('stamps', root);
  const ranges = $$('[data-knob]', part), here = { job: null, seconds: 30, now: null, critic: [], generator: [], sheet: [], told: () => '', won: new Set() };
  const label = setup.classes.findIndex(({ en }) => en === BOOT), dyed = pixels => ({ pixels, area: setup.classes[Math.max(0, label)].area, ramp: setup.dyes.madder });
  const knobs = () => Object.fromEntries(ranges.map(range => [range.dataset.knob, KNOBS[range.dataset.knob].value(Number(range.value))]));

  function drawKnobs() {
    for (const range of ranges) {
      const { value, told } = KNOBS[range.dataset.knob];
      trama.fill(range);
      $$('output', range.parentNode)[0].textContent = told(value(Number(range.value)));
      range.setAttribute('aria-valuetext', told(value(Number(range.value))));
    }
  }
  function drawStamps() {
    stamps.replaceChildren(...Object.keys(STAMPS).map(name => {
      const on = here.won.has(name);
      return trama.make('li', `${on ? '✓ ' : ''}${STAMPS[name]()}`, on ? 'on' : '');
    }));
  }
  function draw() {
    drawKnobs();
    drawStamps();
    const { now } = here, losses = [here.generator, here.critic], part = now ? Math.min(1, now.seconds / here.seconds) : 0;
    go.textContent = trama.word(here.job ? 'train_stop' : here.critic.length ? 'train_again' : 'train_go');
    say.textContent = here.told();
    $('progress', root).style.setProperty('--z', `${part * 100}%`);
    $('train-time', root).textContent = trama.word('train_time', { seconds: trama.number(Math.min(now?.seconds ?? 0, here.seconds)), most: here.seconds });
    $('train-seen', root).textContent = now ? trama.word('train_seen', { seen: now.images_seen }) : '';
    const blank = new Uint8Array(28 * 28), sheet = here.sheet.length ? here.sheet : Array.from({ length: 16 }, () => blank);
    trama.cloths($('sheet', root), sheet.map(dyed), 'span');
    $('sheet', root).setAttribute('aria-label', now ? trama.word('train_sheet', { seconds: trama.number(now.seconds) }) : trama.word('train_sheet_empty'));
    const points = Math.max(2, Math.round(120 * Math.max(part, .02))), [maker, critic] = losses.map(values => trama.smooth(values, points));
    const scale = trama.curves($('losses', root), [{ name: 'g', values: maker }, { name: 'c', values: critic }], maker.length / Math.max(part, .02));
    const last = losses.map(values => values.length ? trama.loss(mean(values.slice(-RECENT))) : '');
    $('loss-maker', root).textContent = `${trama.word('learn_loss_maker')} ${last[0]}`;
    $('loss-critic', root).textContent = `${trama.word('learn_loss_critic')} ${last[1]}`;
    $('losses', root).setAttribute('aria-label', `${trama.word('wrong_losses', { maker: last[0] || 0, critic: last[1] || 0 })}; ${scale}`);
  }
  /* What broke, by the same signs as training's own alarms; a run that broke is what the stamps are for. */
  function judge() {
    if (here.now?.ended === 'not finite') return 'fast';
    if (here.critic.length < FEWEST) return null;
    const [critic, maker] = [here.critic, here.generator].map(losses => losses.slice(-RECENT).sort((a, b) => a - b));
    if (mean(critic) < WON || maker[Math.floor(maker.length / 2)] > HOPELESS) return 'overpowering';
    if (maker.at(-1) > LEAP) return 'fast';
    if (here.critic.length < 2 * RECENT) return null;    // so early all garments are alike
    return spread(here.sheet) < ALIKE * usualSpread() ? 'collapse' : null;
  }
  const TOLD = { fast: () => trama.word('train_fast', { most: LEAP }), overpowering: () => trama.word('train_overpowering'), collapse: () => trama.word('train_collapse') };

  async function follow(job) {
    while (here.job === job) {
      const answer = await trama.ask(server.train_step, { job });
      if (here.job !== job) return;
      if (!answer || answer.failed) { here.told = answer ? () => trama.word('train_failed') : () => ''; break; }
      if (answer.pixels) {
        here.now = answer;
        here.critic.push(...answer.critic);
        here.generator.push(...answer.generator);
        here.sheet = trama.decode(answer.pixels, { size: 28, channels: 1 });
      }
      here.told = answer.place ? () => trama.word('train_queue', { place: answer.place }) : () => trama.word('train_running');
      if (answer.done) {
        const broken = judge();
        if (broken) here.won.add(broken);
        const seen = here.now?.images_seen ?? 0;
        here.told = broken ? TOLD[broken] : () => trama.word(seen < SILHOUETTES ? 'train_few' : 'train_done', { seen, most: seen < SILHOUETTES ? SILHOUETTES : LEAP });
        break;
      }
      draw();
      await wait();
    }
    if (here.job === job) here.job = null;
    draw();
  }
  const stop = () => {
    const { job } = here;
    if (!job) return;
    here.job = null;
    here.told = () => trama.word('train_stopped');
    server.train_stop({ job }).catch(() => 0);           // a page that leaves is forgotten in any case
    draw();
  };
  go.onclick = async () => {
    if (here.job) return stop();
    go.disabled = true;
    const begun = await trama.ask(server.train, knobs());
    go.disabled = false;
    if (!begun) return;
    Object.assign(here, { job: begun.job, seconds: begun.seconds, now: null, critic: [], generator: [], sheet: [], told: () => trama.word('train_running') });
    draw();
    follow(begun.job);
  };
  const usual = () => { for (const range of ranges) range.value = KNOBS[range.dataset.knob].usual; draw(); };
  for (const range of ranges) range.oninput = drawKnobs;
  $('train-reset', root).onclick = usual;
  addEventListener('pagehide', stop);
  return { draw, open: usual };
};
})();
