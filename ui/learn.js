/* Learn: the lesson's six steps; each is done when its question is answered, not when it was scrolled past. */
(() => {
const { $, $$, setup, make } = trama, root = element, KEY = 'trama.lesson', READING = 200, first = props.first;
const sections = $$('.lesson', root), path = $('path', root), guess = $('guess', root);
const here = { asked: false, opened: false, told: new Map() };
const done = new Set((() => {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(stored) ? stored : [];
  } catch { return []; }
})());
const TITLES = { kinds: () => trama.word('learn_path_kinds'), noise: () => trama.word('learn_path_noise'), critic: () => trama.word('learn_critic_title'),
  duel: () => trama.word('learn_path_duel'), wrong: () => trama.word('learn_wrong_title'), uses: () => trama.word('learn_uses_title') };

const shown = () => sections.filter(section => !section.hidden);
function drawPath() {
  const steps = shown();
  path.style.setProperty('--steps', steps.length);
  path.replaceChildren(...steps.map((section, i) => {
    const { step } = section.dataset, item = make('li'), link = make('button', undefined, done.has(step) ? 'done' : ''), name = TITLES[step]();
    $$('.nr', section)[0].textContent = i + 1;
    link.append(make('b', done.has(step) ? '✓' : `${i + 1}`), make('span', name));
    link.setAttribute('aria-label', trama.word(done.has(step) ? 'learn_step_done' : 'learn_step', { number: i + 1, name }));
    link.onclick = () => {
      const still = matchMedia('(prefers-reduced-motion:reduce)').matches, title = $$('h2', section)[0];
      section.scrollIntoView({ behavior: still ? 'auto' : 'smooth', block: 'start' });
      title.tabIndex = -1;
      title.focus({ preventScroll: true });
    };
    item.append(link);
    return item;
  }));
  drawHere();
}
/* The bar marks the step in sight: the last whose card has come up to where one reads, below the bar. */
function drawHere() {
  const steps = shown(), atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2 && scrollY > 0;
  const at = atEnd ? steps.length - 1 : Math.max(0, steps.findLastIndex(section => section.getBoundingClientRect().top <= READING));
  $$('button', path).forEach((link, i) => i === at ? link.setAttribute('aria-current', 'step') : link.removeAttribute('aria-current'));
}
let drawing = 0;
addEventListener('scroll', () => { if (document.body.dataset.screen === 'learn') drawing ||= requestAnimationFrame(() => { drawing = 0; drawHere(); }); }, { passive: true });
function drawAsk(step) {
  const ask = $$(`[data-step=${step}] .ask`, root)[0], told = here.told.get(step);
  ask.dataset.state = (told ? told.right : done.has(step)) ? 'yes' : told ? 'no' : '';
  [...ask.children].at(-1).textContent = told ? told.tell() : '';
}
const solved = (step, tell, right = true) => {
  here.told.set(step, { tell, right });                  // a wrong try after a right one is told as wrong; the step stays done
  if (right && !done.has(step)) {
    done.add(step);
    try { localStorage.setItem(KEY, JSON.stringify([...done])); } catch { /* private window: done until it is closed */ }
    drawPath();
  }
  drawAsk(step);
};
for (const section of sections) [...$$('.ask', section)[0].children].at(-1).setAttribute('aria-live', 'polite');

const panel = trama.opinionPanel($('panel', root), { hidden: true });
const duel = trama.lessonDuel(root, solved), wrong = trama.lessonWrong(root, solved), noise = trama.lessonNoise(root, server, solved);
const kinds = trama.lessonKinds(root, server, solved);
const train = trama.lessonTrain(root, server, () => first.boots_spread);
const drawGuess = () => { $('guessed', root).textContent = guess.value; trama.fill(guess); };
guess.oninput = () => { drawGuess(); panel.guess(Number(guess.value)); };
$('reveal', root).onclick = () => {
  const { score } = panel;
  if (score === null) return;
  panel.guess(Number(guess.value));
  panel.open();
  const told = { guess: guess.value, score: trama.number(score) };
  solved('critic', () => trama.word('learn_critic_yes', told));
};

/* The garment that is asked about stands beside the question. */
function drawAsked() {
  const canvas = $('asked', root), name = trama.garment && trama.nameOf(trama.garment);
  if (!name) return;
  trama.show(canvas, trama.picture(trama.garment));
  canvas.setAttribute('aria-label', trama.word('learn_yours', { name }));
  $('asked-name', root).textContent = name;
}

/* The panel of the critic is asked for when it comes into sight: the training garments take seconds to open. */
let inSight = false;
new IntersectionObserver(([entry]) => { inSight = entry.isIntersecting; lookCloser(); }).observe($('panel', root));
function lookCloser() { if (here.opened && inSight && trama.garment) panel.ask(trama.garment); }

async function open() {
  if (here.asked || document.body.dataset.screen !== 'learn') return;
  here.asked = true;
  const answer = await trama.ask(server.lesson, {});
  if (!answer) { here.asked = false; return; }
  $('duel', root).closest('.lesson').hidden = !answer.duel;
  $('cases', root).closest('.lesson').hidden = !Object.keys(answer.runs).length;
  for (const step of [kinds, noise, duel, wrong, train]) step.open(answer);
  here.opened = true;
  drawPath();
  drawAsked();
  lookCloser();
}
trama.on('screen', open);
trama.on('screen', () => requestAnimationFrame(drawHere));
trama.on('garment', () => {
  panel.open(false);
  here.told.delete('critic');                            // that was said of another garment
  drawAsk('critic');
  if (!here.opened) return;
  drawAsked();
  kinds.follow();
  lookCloser();
});
trama.on('dye', () => { if (here.opened) { kinds.draw(); drawAsked(); lookCloser(); } });
trama.mount(root, () => {
  for (const details of $$('[data-code]', root)) trama.lines(details, first.code[details.dataset.code]);
  for (const link of $$('[data-go]', root)) link.hidden = !setup.screens.includes(link.dataset.go);
  const areas = $$('a', $('areas', root));
  $('areas', root).hidden = areas.filter(link => !link.hidden).length < 2;
  drawPath();
  drawGuess();
  for (const { dataset } of sections) drawAsk(dataset.step);
  if (!here.opened) return;
  for (const step of [kinds, noise, duel, wrong, train, panel]) step.draw();
  drawAsked();
});
open();
})();
