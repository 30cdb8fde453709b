/* What the page says: to who listens, in a bar until it is closed, or for a moment; and calls that may fail. */
(() => {
const NOTED_MS = 5000, { $, $$ } = trama, page = {};
let told = null, failing = false;                        // the bar tells of a call: the next that succeeds clears it

/* Under a dialog the page is inert: what is said stands in the dialog as long as it is open. */
function stand() {
  const place = document.querySelector('dialog[open]') ?? page.home;
  if (page.live && page.live.parentNode !== place) place.append(page.failure, page.toast, page.live);
}
trama.modal = dialog => {
  dialog.showModal();
  stand();
  dialog.addEventListener('close', stand, { once: true });
};
trama.voice = root => {
  for (const part of ['live', 'failure', 'toast']) page[part] = $(part, root);
  page.home = page.live.parentNode;
  $$('button', page.failure)[0].onclick = trama.calm;
};

trama.say = text => {
  if (!page.live) return;
  stand();
  page.live.textContent = text;
};
trama.note = text => {                                   // a few words that are seen for a moment, and said
  trama.say(text);
  page.toast.textContent = text;
  page.toast.hidden = false;
  clearTimeout(page.gone);
  page.gone = setTimeout(() => { page.toast.hidden = true; }, NOTED_MS);
};
const write = () => { $$('span', page.failure)[0].textContent = told(); };
trama.warn = tell => {                                   // in the bar, until it is closed; a function follows the language
  told = typeof tell === 'function' ? tell : () => tell;
  stand();
  write();
  page.failure.hidden = failing = false;
};
trama.calm = () => { page.failure.hidden = true; };      // something else has worked since
trama.tell = (key, values) => trama.warn(() => trama.word(key, typeof values === 'function' ? values() : values));
trama.on('language', () => { if (page.failure && !page.failure.hidden) write(); });

/* A reason is of a recipe, with words of its own, or of a model that could not be had. */
trama.fail = (detail, reason) => {
  const [recipe, model] = ['recipe', 'reason'].map(kind => `${kind}_${reason}`), known = key => reason && trama.word(key) !== key;
  if (known(recipe)) trama.tell(recipe, { detail });
  else if (known(model)) trama.tell('model_failed', () => ({ reason: trama.word(model) }));
  else trama.tell(detail ? 'refused' : 'unreachable', { detail });
  failing = true;
};
trama.ask = async (call, request) => {
  let answer = null;
  try { answer = await call(request); } catch { /* told below, as an answer of null is */ }
  if (!answer || answer.error) { trama.fail(answer?.error, answer?.reason); return null; }
  if (failing) trama.calm();
  return answer;
};
})();
