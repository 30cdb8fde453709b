/* Game: ten rounds against the critic. What is true of a garment comes with the answer to its vote. */
const { $, $$, setup } = trama, first = props.first, root = element, DYE = 'ochre';
const big = $('big', root), table = $('table', root), verdict = $('verdict', root), next = $('next', root), end = $('end', root);
const votes = $$('[data-vote]', root), levels = $('levels', root), rounds = $('rounds', root), proof = $('proof', root);
const OUTCOMES = { won: 'game_won', lost: 'game_lost', drawn: 'game_drawn' };
const MEASURES = {
  light: ['game_darker', 'game_lighter'], grain: ['game_smoother', 'game_grainier'], contrast: ['game_flatter', 'game_starker'],
  lopsided: ['game_evener', 'game_lopsided'], frayed: ['game_cleaner', 'game_frayed'],
};
/* What to look at, by the kind of garment; the classes are those of Fashion-MNIST, or there is no game. */
const TIPS = { top: () => trama.word('game_tip_top'), trousers: () => trama.word('game_tip_trousers'), dress: () => trama.word('game_tip_dress'), shoe: () => trama.word('game_tip_shoe'), bag: () => trama.word('game_tip_bag') };
const KINDS = ['top', 'trousers', 'top', 'dress', 'top', 'shoe', 'top', 'shoe', 'bag', 'shoe'];
const tipOf = label => TIPS[KINDS[label]]();
const here = { game: null, moment: null, past: [], asked: null, waiting: null, others: false, ended: false, ladder: null, busy: false };
const seen = () => document.body.dataset.screen === 'game';
const over = () => here.past.length === first.rounds;
const closed = () => over() || here.ended;               // no vote is taken any more
const hits = who => here.past.filter(round => round[who]).length;
const nameOf = label => trama.className(label);
const picture = (label, pixels, dye) => ({ pixels, area: setup.classes[label].area, ramp: setup.dyes[dye], view: 'smooth' });
const pixelsOf = base64 => trama.decode(base64)[0];
const count = images => images === null ? trama.word('game_finished') : trama.images(images);

/* what was said of a round */
const sides = ({ you, critic }) => trama.word(you && critic ? 'game_both' : you ? 'game_only_you' : critic ? 'game_only_critic' : 'game_neither');
const truth = round => trama.word(round.real ? 'game_was_real' : 'game_was_made', { number: round.number });
const told = round => `${truth(round)} ${sides(round)} ${trama.word('game_note', { score: round.score })}`;
const tellOf = ({ number, label, tell: [measure, more, percent] }) => trama.word('game_tell', { number, name: nameOf(label), what: trama.word(MEASURES[measure][+more]), percent });

function dots(holder, round) {
  holder.className = 'yn';
  holder.replaceChildren(...['you', 'critic'].map(who => {
    const dot = document.createElement('i');
    dot.className = !round ? '' : round[who] ? 'y' : 'n';
    return dot;
  }));
}
function drawBoard() {
  const now = here.waiting ? here.past.length - 1 : here.past.length;
  $('you', root).textContent = hits('you');
  $('critic', root).textContent = hits('critic');
  $('mini', root).textContent = trama.word('game_result', { you: hits('you'), critic: hits('critic') });
  $('round', root).textContent = trama.word('game_round', { number: Math.min(now + 1, first.rounds), count: first.rounds });
  rounds.replaceChildren(...Array.from({ length: first.rounds }, (_, i) => {
    const item = document.createElement('li'), holder = document.createElement('span'), words = document.createElement('span'), number = document.createElement('span');
    dots(holder, here.past[i]);
    words.className = 'vh';
    words.textContent = here.past[i] ? told(here.past[i]) : '';
    number.textContent = i + 1;
    if (i === now && !over()) item.setAttribute('aria-current', 'step');
    item.append(holder, number, words);
    return item;
  }));
  const last = here.past.at(-1), ago = $('ago', root);
  ago.hidden = !last;
  if (!last) return;
  $$('p', ago)[0].textContent = told(last);
  const meter = $$('.meter', ago)[0];
  meter.style.setProperty('--v', `${last.score}%`);
  meter.setAttribute('aria-label', trama.word('game_score_alt', { score: last.score }));
  trama.show($$('canvas', ago)[0], picture(last.label, last.cloth, last.real ? 'ink' : 'madder'));
}
function drawTable() {
  const last = here.past.at(-1), answered = here.waiting || over();
  const shown = answered ? last && { label: last.label, pixels: last.cloth } : here.asked;
  for (const b of votes) {
    b.setAttribute('aria-disabled', !!answered || here.busy || here.ended || !here.asked);
    b.classList.toggle('mine', !!answered && last?.vote === b.dataset.vote);
  }
  next.hidden = !here.waiting && !closed();
  next.textContent = trama.word(closed() ? 'game_new' : 'game_next');
  if (!shown) return;
  big.setAttribute('aria-label', answered ? told(last) : trama.word('game_alt', { name: nameOf(shown.label) }));
  trama.show(big, picture(shown.label, shown.pixels, answered ? last.real ? 'ink' : 'madder' : DYE));
  const again = answered && !last.you && !over() ? ` ${trama.word('game_tip_again', { tip: tipOf(last.label) })}` : '';
  verdict.textContent = answered ? told(last) + again : trama.word('game_look', { name: nameOf(shown.label), tip: tipOf(shown.label) });
  table.dataset.state = answered ? 'told' : 'asked';
}
function drawEnd() {
  end.hidden = !over();
  table.hidden = $('board', root).hidden = over() && here.others;   // who follows a link to a result has come for that
  if (!over()) return;
  const you = hits('you'), critic = hits('critic'), made = here.past.filter(round => !round.real), marked = made.filter(round => round.tell);
  const outcome = you > critic ? 'won' : you < critic ? 'lost' : 'drawn';
  $('end-title', root).textContent = trama.word(here.others ? 'game_shared' : 'game_over');
  $('end-of', root).textContent = trama.word('game_made_at', { moment: momentName(here.moment) });
  $('rank', root).textContent = trama.word('game_result', { you, critic });
  $('outcome', root).textContent = trama.word(OUTCOMES[outcome], { difference: Math.abs(you - critic) });
  $('again', root).textContent = trama.word(here.others ? 'game_try' : harder() === here.moment ? 'game_new' : 'game_harder');
  $('same', root).hidden = here.others || harder() === here.moment;   // else it is what the first does
  proof.replaceChildren(...here.past.map(round => {
    const item = document.createElement('li'), frame = document.createElement('span'), canvas = document.createElement('canvas'), holder = document.createElement('span');
    canvas.className = 'cloth';
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${nameOf(round.label)}. ${told(round)}`);
    frame.className = round.real ? 'fr' : 'fr w';
    frame.append(canvas);
    dots(holder, round);
    item.append(frame, holder);
    trama.show(canvas, picture(round.label, round.cloth, round.real ? 'ink' : 'madder'));
    return item;
  }));
  $('tells-lead', root).textContent = trama.word(!made.length ? 'game_tells_nothing_made' : marked.length ? 'game_tells_some' : 'game_tells_none', { marked: marked.length, made: made.length });
  $('tells', root).replaceChildren(...marked.map(round => {
    const item = document.createElement('li');
    item.textContent = tellOf(round);
    return item;
  }));
}
const momentName = moment => here.ladder ? count(here.ladder.seen[moment]) : '';
function drawLevels() {
  if (!here.ladder) return;
  const { seen: images, label, cloths } = here.ladder;
  while (levels.children.length > images.length) levels.lastChild.remove();
  images.forEach((_, i) => {
    if (levels.children[i]) return;
    const item = document.createElement('li'), button = document.createElement('button'), canvas = document.createElement('canvas');
    canvas.className = 'cloth';
    button.append(canvas);
    button.onclick = () => { if (i !== here.moment || closed()) start(i); };
    item.append(button, document.createElement('small'));
    levels.append(item);
  });
  [...levels.children].forEach((item, i) => {
    const [button, small] = item.children;
    small.textContent = count(images[i]);
    button.setAttribute('aria-label', trama.word('game_level_of', { moment: count(images[i]) }));
    button.setAttribute('aria-pressed', i === here.moment);
    trama.show(button.firstChild, picture(label, cloths[i], 'madder'));
  });
  trama.rove(levels);
}
function draw() { drawBoard(); drawTable(); drawLevels(); drawEnd(); }

/* playing */
const harder = () => Math.min(here.moment + 1, here.ladder.seen.length - 1);
function take(answer) {
  here.game = answer.game;
  here.moment = answer.moment;
  here.past.push(...answer.past.map(round => ({ ...round, cloth: pixelsOf(round.pixels) })));
  return answer.pixels ? { label: answer.label, pixels: pixelsOf(answer.pixels) } : null;
}
async function start(moment) {
  if (here.busy) return;
  here.busy = true;
  const answer = await trama.ask(server.new_game, { moment });
  here.busy = false;
  if (!answer) return draw();
  Object.assign(here, { past: [], waiting: null, others: false, ended: false });
  here.asked = take(answer);
  draw();
  trama.say(`${$('round', root).textContent}. ${big.getAttribute('aria-label')}`);
}
function showEnd() {
  $('end-title', root).focus({ preventScroll: true });
  end.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion:reduce)').matches ? 'auto' : 'smooth' });
}
/* A refused vote ends the game: it was too late, or is of before a restart. Only another one can follow. */
async function cast(request) {
  const answer = await server.cast_vote(request);
  here.ended = !!answer?.reason?.startsWith('game_');
  return answer;
}
async function vote(button) {
  if (here.busy || here.waiting || closed() || !here.asked) return;
  here.busy = true;
  drawTable();
  const answer = await trama.ask(cast, { game: here.game, real: button.dataset.vote === 'real' });
  here.busy = false;
  if (!answer) return draw();
  const asked = take(answer), focused = votes.includes(document.activeElement);
  here.past.at(-1).vote = button.dataset.vote;
  here.waiting = asked;
  here.asked = null;
  draw();
  if (focused) next.focus();
  trama.say(verdict.textContent);
  if (!over()) return;
  showEnd();
  trama.say(`${told(here.past.at(-1))} ${trama.word('game_over')}: ${$('rank', root).textContent}. ${$('outcome', root).textContent}`);
}
next.onclick = () => {
  if (closed()) return again(here.moment);
  const focused = document.activeElement === next;
  [here.asked, here.waiting] = [here.waiting, null];
  draw();
  if (focused) votes[0].focus();
  trama.say(`${$('round', root).textContent}. ${big.getAttribute('aria-label')}`);
};
for (const b of votes) b.onclick = () => vote(b);
async function again(moment) {
  await start(moment);
  if (closed()) return;                      // no new game came: the old one stays to be seen
  votes[0].focus();                                      // the button that was pressed is gone
  trama.bring(table, 'start');
}
$('again', root).onclick = () => again(here.others ? here.moment : harder());
$('same', root).onclick = () => again(here.moment);

/* sharing */
const link = () => trama.address(`game=${here.game}${trama.key() === trama.own ? '' : `&model=${trama.key()}`}#game`);
$('link', root).onclick = () => trama.copyText($('link', root), link(), trama.word('game_linked'), trama.word('link_by_hand', { link: link() }));
$('card', root).onclick = async () => {
  const answer = await trama.ask(server.share_card, { game: here.game, language: trama.language });
  if (!answer) return;
  trama.hand(answer.file, `${trama.word('game_file')}.png`);
  trama.say(trama.word('game_saved'));
};

/* opening: the ladder of moments when the screen is first seen, then a game, or that of a link */
const shared = new URLSearchParams(location.search).get('game');
let opened = false;
async function open() {
  if (opened || !seen()) return;
  opened = true;
  const answer = await trama.ask(server.levels, {});
  if (!answer) { opened = false; return; }
  here.ladder = { ...answer, cloths: trama.decode(answer.pixels) };
  const result = shared && await trama.ask(server.see_result, { game: shared });
  if (!result) {
    const failed = shared && !$$('.failure', document)[0].hidden;
    await start(Math.floor(answer.seen.length / 2));
    if (failed) $$('.failure', document)[0].hidden = false;   // why the link could not be shown stays to be read
    return;
  }
  here.others = true;
  take(result);
  draw();
  scrollTo(0, 0);                                        // the end card comes first: nothing stands before it
  $('end-title', root).focus({ preventScroll: true });
}
trama.on('screen', open);
const areas = $$('.areas a', root);
for (const a of areas) a.hidden = !setup.screens.includes(a.dataset.go);
areas[0].parentNode.hidden = areas.filter(a => !a.hidden).length < 2;
trama.mount(root, () => { draw(); });
open();
