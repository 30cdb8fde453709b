/* The keyboard: rails that are one stop of the Tab key, and one key for what is done often.
   A control with `data-key="g"` is what G does on its screen; `data-arrows` marks a screen's own rail,
   `data-careful` one whose arrows choose nothing: Enter does. */
(() => {
const { $, $$ } = trama, KEY = 'trama.keys';
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let on = (() => { try { return localStorage.getItem(KEY) !== 'off'; } catch { return true; } })();

/* rails */
const stops = list => $$('li > button:first-child', list);
function neighbour(buttons, from, key) {
  const at = buttons.indexOf(from), [x, y] = ARROWS[key];
  if (x) return buttons[at + x];
  const middle = box => box.left + box.width / 2, here = from.getBoundingClientRect();
  const beyond = buttons.map(button => ({ button, box: button.getBoundingClientRect() })).filter(({ box }) => y > 0 ? box.top >= here.bottom : box.bottom <= here.top);
  const far = ({ box }) => Math.abs(box.top - here.top) * 100 + Math.abs(middle(box) - middle(here));
  return beyond.sort((a, b) => far(a) - far(b))[0]?.button;
}
function walk(list, event) {
  const buttons = stops(list), from = $$('button', event.target.closest('li') ?? list)[0];
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const to = { Home: buttons[0], End: buttons.at(-1) }[event.key] ?? (ARROWS[event.key] && neighbour(buttons, from, event.key));
  if (to || ARROWS[event.key]?.[0]) event.preventDefault();   // an arrow at the rail's end is no key of the screen's
  if (!to) return;
  to.focus();
  if (!list.hasAttribute('data-careful')) return to.click();   // what has the focus is what is chosen
  for (const b of buttons) b.tabIndex = b === to ? 0 : -1;
}
trama.rove = list => {                                   // to be called whenever another one is chosen
  const buttons = stops(list), chosen = buttons.find(b => b.getAttribute('aria-pressed') === 'true') ?? buttons[0];
  for (const b of buttons) b.tabIndex = b === chosen ? 0 : -1;
  list.onkeydown ??= event => walk(list, event);
};

/* keys */
const typing = e => e.isContentEditable || e.matches('textarea,select,input:not([type=range],[type=checkbox],[type=radio])');
const seen = e => e.getClientRects().length > 0 && !e.disabled;
function press(key, from) {
  const scope = document.querySelector('dialog[open]') ?? document.getElementById(document.body.dataset.screen);
  const button = scope && $$(`[data-key="${key}"]`, scope).find(seen);
  if (button) { button.click(); return true; }
  if (scope?.matches('dialog') || from !== document.body) return false;
  const rail = (key === 'arrowleft' || key === 'arrowright') && $$('[data-arrows]', scope).find(seen);
  const stop = rail ? $$('[tabindex="0"]', rail)[0] : null;
  stop?.focus();                                         // the first arrow goes to the rail, the next along it
  return !!stop;
}
addEventListener('keydown', event => {
  const { target, key } = event;
  if (!on || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!(target instanceof Element) || typing(target) || target.matches('input') && ARROWS[key]) return;
  if (key === '?') { if (!document.querySelector('dialog[open]')) trama.keyHelp(); return; }
  const back = /^z$/i.test(key) && !event.repeat && !document.querySelector('dialog[open]');
  if (back && event.shiftKey) return trama.emit('redo');
  if (event.shiftKey || event.repeat && !ARROWS[key] || !/^([gfz]|Arrow(Left|Right))$/i.test(key)) return;
  if (press(key.toLowerCase(), target)) event.preventDefault();
  else if (back) trama.emit('undo');
});

trama.keys = root => {
  const dialog = $('help', root), choice = $('help-switch', root);
  const mark = () => $$('[data-key]', document).forEach(e => on ? e.setAttribute('aria-keyshortcuts', e.dataset.key) : e.removeAttribute('aria-keyshortcuts'));
  trama.keyHelp = () => { choice.checked = on; trama.modal(dialog); };
  $('keys', root).onclick = trama.keyHelp;
  $('help-close', root).onclick = () => dialog.close();
  dialog.onclick = event => { if (event.target === dialog) dialog.close(); };
  choice.onchange = () => {
    on = choice.checked;
    try { localStorage.setItem(KEY, on ? 'on' : 'off'); } catch { /* private window: not kept */ }
    mark();
  };
  trama.on('screen', mark);
  mark();
};
})();
