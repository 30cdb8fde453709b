/* Three hints for a first visit, one after the other in one place; each goes when it is closed or done. */
(() => {
const { $, $$ } = trama, KEY = 'trama.hints';
const HINTS = { tap: () => trama.word('hint_tap'), roll: () => trama.word('hint_roll'), mix: () => trama.word('hint_mix') };
let done = (() => {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(stored) ? stored : [];
  } catch { return []; }
})();

let draw = () => {};
trama.hinted = name => {                                 // what a hint speaks of was done, or it was closed
  if (done.includes(name)) return;
  done = [...done, name];
  try { localStorage.setItem(KEY, JSON.stringify(done)); } catch { /* private window: not kept */ }
  draw();
};
trama.hints = root => {
  const note = $('hint', root), [text] = $$('p', note), [close] = $$('button', note);
  const open = () => Object.keys(HINTS).find(name => !done.includes(name));
  draw = () => {
    note.hidden = !open();
    if (open()) text.textContent = HINTS[open()]();
  };
  close.onclick = () => {
    trama.hinted(open());
    trama.say(note.hidden ? '' : text.textContent);
    if (note.hidden) $$('button', note.parentNode)[0].focus();
  };
  trama.on('pair', () => trama.hinted('mix'));
  trama.on('screen', screen => { if (screen === 'blend' || screen === 'line') trama.hinted('mix'); });
  return draw;
};
})();
