/* Step 4, the duel: one recorded step of both networks, in seven moments. Step 5: recorded trainings that failed. */
(() => {
const { $, $$, setup, make } = trama, LAST = 7, LEARNT = 5, BACK = 6, ANSWERS = ['collapse', 'overpowering', 'too-fast'], SHOWN = 9;
const SAY = [() => trama.word('duel_1'), () => trama.word('duel_2'), () => trama.word('duel_3', given()), () => trama.word('duel_4', given()),
  () => trama.word('duel_5', given()), () => trama.word('duel_6', given()), () => trama.word('duel_7', given())];
const TOLD = { straight: () => trama.word('learn_duel_straight_no'), through: () => trama.word('learn_duel_yes'), chance: () => trama.word('learn_duel_chance_no') };
const mean = values => values.reduce((a, b) => a + b, 0) / values.length;
let given = () => ({});

/* Pixels of a recording by row: each a list of as many as there are columns. */
const rowsOf = recording => {
  const all = trama.decode(recording.pixels, { size: 28, channels: 1 });
  return Array.from({ length: recording.rows }, (_, row) => all.slice(row * recording.columns, (row + 1) * recording.columns));
};
const dyed = (label, dye) => pixels => ({ pixels, area: setup.classes[label].area, ramp: setup.dyes[dye] });

trama.lessonDuel = (root, solved) => {
  const moment = $('moment', root), say = $('duel-say', root), dots = $('dots', root), duel = $('duel', root);
  const here = { at: 1, figures: null, rows: [] };
  given = () => {
    const { real, made, critic_loss, generator_loss } = here.figures, gap = when => mean(real[when]) - mean(made[when]);
    return { real: trama.number(mean(real.before), 1), made: trama.number(mean(made.before), 1), before: trama.number(gap('before'), 1), learnt: trama.number(gap('learnt'), 1),
      after: trama.number(mean(real.learnt) - mean(made.after), 1), critic: trama.number(critic_loss, 2), maker: trama.number(generator_loss, 2) };
  };
  function drawDots() {
    const { real, made } = here.figures, when = here.at < LEARNT ? 'before' : 'learnt';
    const notes = [...real[when].map(value => ['r', value]), ...(here.at < LAST ? made[when] : made.after).map(value => ['g', value])];
    const all = [real.before, real.learnt, made.before, made.learnt, made.after].flat(), low = Math.min(...all), high = Math.max(...all);
    while (dots.children.length < notes.length) dots.append(make('i'));
    notes.forEach(([kind, value], i) => {
      dots.children[i].className = kind;
      dots.children[i].style.setProperty('--p', `${2 + (value - low) / (high - low) * 96}%`);
    });
    dots.setAttribute('aria-label', trama.word('duel_dots', { real: trama.number(mean(notes.filter(([kind]) => kind === 'r').map(([, v]) => v)), 1), made: trama.number(mean(notes.filter(([kind]) => kind === 'g').map(([, v]) => v)), 1) }));
  }
  function draw() {
    if (!here.figures) return;
    const { label } = here.figures, [real, made, after] = here.rows, name = trama.className(label);
    trama.cloths($('duel-real', root), real.map(dyed(label, 'ink')), 'li', () => trama.word('duel_real_alt', { name }));
    trama.cloths($('duel-made', root), made.map(dyed(label, 'madder')), 'li', () => trama.word('duel_made_alt', { name }));
    trama.cloths($('duel-after', root), after.map(dyed(label, 'madder')), 'li', () => trama.word('duel_after_alt', { name }));
    drawDots();
    const told = trama.word('learn_of', { value: here.at, most: LAST });
    say.textContent = SAY[here.at - 1]();
    $('duel-number', root).textContent = here.at < 3 ? 3 : here.at === BACK ? LEARNT : here.at;
    $('moment-of', root).textContent = told;
    moment.value = here.at;
    moment.setAttribute('aria-valuetext', told);
    trama.fill(moment);
    for (const part of $$('[data-from]', duel)) part.classList.toggle('later', Number(part.dataset.from) > here.at);
    duel.dataset.at = here.at;
    $('duel-back', root).disabled = here.at === 1;
    $('duel-next', root).disabled = here.at === LAST;
  }
  const go = at => { here.at = at; draw(); };
  const answers = $$('button', $('duel-answers', root));
  for (const button of answers) button.onclick = () => {
    trama.picked(answers, button);
    const { answer } = button.dataset, right = answer === 'through';
    if (right && here.at < BACK) go(BACK);               // so that the way that was named is seen
    solved('duel', TOLD[answer], right);
  };
  moment.oninput = () => go(Number(moment.value));
  $('duel-back', root).onclick = () => go(Math.max(1, here.at - 1));
  $('duel-next', root).onclick = () => go(Math.min(LAST, here.at + 1));
  return { draw, open({ duel: recorded }) { here.figures = recorded; if (recorded) here.rows = rowsOf(recorded); draw(); } };
};

trama.lessonWrong = (root, solved) => {
  const list = $('cases', root), here = { runs: [], answered: new Map() };
  const WORD = { collapse: () => trama.word('wrong_collapse'), overpowering: () => trama.word('wrong_overpowering'), 'too-fast': () => trama.word('wrong_fast') };
  const YES = { collapse: run => trama.word('wrong_collapse_yes', { share: Math.round(run.variety.at(-1) * 100) }), overpowering: () => trama.word('wrong_overpowering_yes'), 'too-fast': () => trama.word('wrong_fast_yes') };
  const NO = { collapse: run => trama.word('wrong_collapse_no', run), overpowering: run => trama.word('wrong_overpowering_no', run), 'too-fast': run => trama.word('wrong_fast_no', run) };

  function sheet(part, run, moment) {
    trama.cloths(part, run.sheets[moment].slice(0, SHOWN).map(dyed(run.label, 'madder')), 'span');
    part.setAttribute('aria-label', trama.word('wrong_sheet', { letter: run.letter, kind: trama.className(run.label).toLowerCase(), seen: run.images_seen[moment] }));
  }
  function card(run) {
    const item = make('article', undefined, 'case'), title = make('h3', trama.word('wrong_run', run)), seen = make('small', '', 'num'), garments = make('div', undefined, 'sheet3');
    const chart = make('div', undefined, 'chart'), svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), cursor = make('i', undefined, 'cur'), figures = make('ul', undefined, 'keyline num'), every = Math.round(run.losses.critic.length / run.rows);
    const range = make('input'), answers = make('div', undefined, 'answers'), output = make('output');
    title.append(seen);
    garments.setAttribute('role', 'img');
    svg.setAttribute('viewBox', '0 0 100 100');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('role', 'img');
    chart.append(svg, cursor);
    const steps = trama.smooth(run.losses.critic).length;
    const scale = trama.curves(svg, [{ name: 'g', values: trama.smooth(run.losses.generator) }, { name: 'c', values: trama.smooth(run.losses.critic) }], steps);
    svg.setAttribute('aria-label', `${trama.word('wrong_losses', { maker: trama.loss(run.losses.generator.at(-1)), critic: trama.loss(run.losses.critic.at(-1)) })}; ${scale}`);
    Object.assign(range, { type: 'range', min: 0, max: run.sheets.length - 1, step: 1, value: run.at });
    range.setAttribute('aria-label', trama.word('wrong_moment', run));
    const show = () => {
      run.at = Number(range.value);
      trama.fill(range);
      const told = { name: trama.className(run.label), seen: run.images_seen[run.at] };
      seen.textContent = trama.word('wrong_of', told);
      range.setAttribute('aria-valuetext', trama.word('learn_seen', told));
      cursor.style.setProperty('--x', `${run.images_seen[run.at] / (run.losses.critic.length * run.batch) * 100}%`);
      const now = name => mean(run.losses[name].slice(run.at * every, (run.at + 1) * every)), digits = trama.loss;
      figures.replaceChildren(make('li', trama.word('replay_loss_maker', { value: digits(now('generator')) }), 'g'), make('li', trama.word('replay_loss_critic', { value: digits(now('critic')) }), 'c'));
      sheet(garments, run, run.at);
    };
    range.oninput = show;
    answers.setAttribute('role', 'group');
    answers.setAttribute('aria-label', trama.word('wrong_question', run));
    output.setAttribute('aria-live', 'polite');
    const tell = () => {
      const answer = here.answered.get(run.name), right = answer === run.name;
      item.dataset.state = answer ? right ? 'yes' : 'no' : '';
      trama.press($$('button', answers), b => b.dataset.answer === answer);
      output.textContent = answer ? (right ? YES : NO)[run.name](run) : '';
    };
    for (const name of ANSWERS) {
      const button = make('button', WORD[name](), 'b');
      button.dataset.answer = name;
      button.onclick = () => {
        here.answered.set(run.name, name);
        tell();
        const right = here.runs.filter(other => here.answered.get(other.name) === other.name).length, count = here.runs.length;
        solved('wrong', () => trama.word('learn_of', { value: right, most: count }), right === count);
      };
      answers.append(button);
    }
    item.append(title, garments, range, chart, figures, answers, output);
    tell();
    requestAnimationFrame(show);
    return item;
  }
  return {
    draw: () => list.replaceChildren(...here.runs.map(card)),
    open({ runs }) {
      const letters = ['A', 'B', 'C'];
      here.runs = Object.entries(runs).map(([name, run], i) => ({ ...run, name, letter: letters[i], sheets: rowsOf(run), at: run.rows - 1 }));
      this.draw();
    },
  };
};
})();
