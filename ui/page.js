/* What the screens share: words, the garment in hand, A and B, dyes, and calls to the server. */
(() => {
const { setup } = trama, listeners = {}, dyes = new Map(), dyeNames = Object.keys(setup.dyes);
const $ = (name, root) => root.querySelector(`[data-part="${name}"]`);
const $$ = (selector, root) => [...root.querySelectorAll(selector)];
Object.assign(trama, { $, $$, garment: null, pair: { a: null, b: null }, view: 'smooth' });

trama.on = (event, listener) => (listeners[event] ??= []).push(listener);
trama.emit = (event, value) => (listeners[event] ?? []).forEach(listener => listener(value));

/* words */
const stored = (() => { try { return localStorage.getItem('trama.language'); } catch { return null; } })();
trama.language = setup.words[stored] ? stored : /^pt\b/i.test(navigator.language) ? 'pt' : 'en';
trama.word = (key, values = {}) =>
  (setup.words[trama.language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
trama.number = (value, digits = 0, sign = 'auto') => new Intl.NumberFormat(trama.language === 'pt' ? 'pt-BR' : 'en',
  { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: sign, useGrouping: false }).format(value).replace('-', '−');
trama.count = value => new Intl.NumberFormat(trama.language === 'pt' ? 'pt-BR' : 'en').format(value);   // of things, not a seed
trama.images = value => value >= 1e6 ? trama.word('game_million', { count: trama.number(value / 1e6, value % 1e6 ? 1 : 0) })   // that a network has seen
  : trama.word('game_thousand', { count: trama.number(value / 1e3) });
trama.date = day => new Intl.DateTimeFormat(trama.language === 'pt' ? 'pt-BR' : 'en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));
trama.className = label => setup.classes[label][trama.language];
trama.list = words => new Intl.ListFormat(trama.language === 'pt' ? 'pt-BR' : 'en-GB').format(words);
function translate(root) {
  for (const e of $$('[data-t]', root)) e.textContent = trama.word(e.dataset.t);
  for (const e of $$('[data-say]', root)) e.setAttribute('aria-label', trama.word(e.dataset.say));
  for (const e of $$('[data-tip]', root)) e.title = trama.word(e.dataset.tip);
}
trama.speak = language => {
  trama.language = language;
  try { localStorage.setItem('trama.language', language); } catch { /* private window: not kept */ }
  trama.emit('language');
};

/* garments: what the server says of a recipe, and its pixels; a dye changes but the end of a recipe */
trama.bare = recipe => recipe.slice(0, recipe.lastIndexOf('~'));
const bare = garment => trama.bare(garment.recipe);
trama.take = answer => {
  const pixels = trama.decode(answer.pixels);
  return answer.garments.map((garment, i) => ({ ...garment, pixels: pixels[i] }));
};
trama.same = (a, b) => !!a && !!b && bare(a) === bare(b);
trama.dyesOf = garment => dyes.get(bare(garment)) ?? garment.dyes;
trama.dyeOf = garment => trama.dyesOf(garment).length === 1 ? trama.dyesOf(garment)[0][0] : null;
trama.recipe = garment => `${bare(garment)}~${trama.dyesOf(garment).map(([name, share]) => share === 1 ? name : `${name}:${share}`).join(',')}`;
trama.forgetDye = garment => dyes.delete(bare(garment));  // it wears its recipe's again
trama.setDye = (garment, dye) => { dyes.set(bare(garment), [[dye, 1]]); trama.emit('dye', garment); };
trama.rampOf = garment => trama.mixRamps(trama.dyesOf(garment).map(([name]) => setup.dyes[name]), trama.dyesOf(garment).map(([, share]) => share));
trama.areaOf = garment => garment.classes.reduce((area, [label, share]) => area + share * setup.classes[label].area, 0);
trama.picture = (garment, view = 'smooth', pixels = garment.pixels) =>
  ({ pixels, area: trama.areaOf(garment), ramp: trama.rampOf(garment), view });
trama.choose = garment => { trama.garment = garment; trama.emit('garment'); };
trama.put = (letter, garment) => { trama.pair[letter] = garment; trama.emit('pair', letter); };
trama.randomSeed = () => Math.floor(Math.random() * 10000);
trama.readSeed = (input, previous, most = setup.max_seed) => {
  const typed = /^\s*\d+\s*$/.test(input.value) ? Number(input.value) : null, kept = typed ?? previous;
  const seed = typeof kept === 'string' ? kept : Math.min(kept, most);
  input.value = trama.seedField(seed);
  trama.wrong(input, typed === seed ? '' : trama.word(typed === null ? 'seed_wrong' : 'seed_most', { most, seed: trama.seedWord(seed) }));
  return seed;
};
let fields = 0;
trama.wrong = (input, text) => {                         // what is wrong with a field, below it, until it is changed
  const field = input.closest('.field'), told = field.nextElementSibling;
  const note = told?.matches('.wrong') ? told : document.createElement('p');
  note.className = 'wrong';
  note.id = `${input.id ||= `field-${++fields}`}-wrong`;
  note.textContent = text;
  text ? field.after(note) : note.remove();
  text ? input.setAttribute('aria-describedby', note.id) : input.removeAttribute('aria-describedby');
  input.setAttribute('aria-invalid', !!text);
  if (text) { trama.bring(note, 'nearest'); trama.say(text); input.addEventListener('input', () => trama.wrong(input, ''), { once: true }); }
};
trama.dyeButtons = (root, garment) => {
  root.replaceChildren(...dyeNames.map(name => {
    const button = document.createElement('button');
    button.className = `dye ${name}`;
    button.title = trama.word(name);
    button.setAttribute('aria-label', trama.word(name));
    button.append(document.createElement('i'));
    button.onclick = () => { trama.setDye(garment(), name); trama.say(trama.word('dye_set', { dye: trama.word(name) })); };
    button.dataset.dye = name;
    return button;
  }));
};
trama.pressDyes = (root, garment) => {
  for (const b of root.children) b.setAttribute('aria-pressed', b.dataset.dye === trama.dyeOf(garment));
};

/* the server */
trama.latest = (call, show, working = () => {}) => {     // one call in flight; of those that wait, the last
  let waiting = null, busy = false;
  return async request => {
    waiting = request;
    if (busy) return;
    working(busy = true);
    while (waiting) {
      const asked = waiting;
      waiting = null;
      const answer = await trama.ask(call, asked);
      if (answer) show(answer, asked, !waiting);
    }
    working(busy = false);
  };
};
trama.hand = (address, name) => {                       // a file into the visitor's hands
  trama.calm();
  const link = document.createElement('a');
  link.href = address;
  link.download = `trama-${name}`.toLowerCase().replace(/[\s×+]+/g, '-');
  link.click();
};
trama.savePicture = async garment => {
  const answer = await trama.ask(trama.server.picture, { recipe: trama.recipe(garment), view: trama.view });
  if (!answer) return;
  trama.hand(answer.png, `${trama.nameOf(garment)}.png`);
  trama.say(trama.word('saved'));
};

/* controls */
trama.fill = range => {
  const at = v => `${(v - range.min) / (range.max - range.min) * 100}%`, zero = Math.max(range.min, 0);
  range.style.setProperty('--a', at(Math.min(zero, range.value)));
  range.style.setProperty('--z', at(Math.max(zero, range.value)));
};
trama.press = (buttons, pressed) => buttons.forEach(b => b.setAttribute('aria-pressed', !!pressed(b)));

/* screens */
const narrow = matchMedia('(max-width:900px)');
trama.mount = (root, draw) => {
  for (const part of $$('[data-phone]', root)) {         // so that the tab order is what is seen
    const home = document.createComment(''), body = part.closest('.two');
    part.before(home);
    const place = () => narrow.matches ? body[part.dataset.phone](part) : home.after(part);
    narrow.addEventListener('change', place);
    place();
  }
  const views = $$('[data-view]', root);
  for (const b of views) b.onclick = () => { trama.view = b.dataset.view; trama.emit('view'); };
  const view = () => trama.press(views, b => b.dataset.view === trama.view);
  const all = () => { translate(root); if (!setup.dyed) $$('.dyerow,.dyes,[data-t=dye_note],[data-t=path_lead]', root).forEach(e => e.hidden = true); draw?.(); };
  trama.on('language', all);
  trama.on('view', view);
  view();
  for (const link of $$('[data-go]', root)) link.onclick = event => {
    event.preventDefault();                              // a plain #link would leave a page with a query
    trama.turnTo(link.dataset.go);
  };
  all();
};
trama.turnTo = screen => {                               // without the browser's own way to an id, which takes the focus away
  // The whole address: a bare #screen is taken from the page's base, and would lose the query, so the model.
  if (location.hash !== `#${screen}`) history.pushState(null, '', `${location.pathname}${location.search}#${screen}`);
  go();
  scrollTo(0, 0);
};
function go() {
  for (const dialog of $$('dialog[open]', document)) dialog.close();   // Back goes to a screen, not behind what lies over one
  const wanted = location.hash.slice(1), screen = setup.screens.includes(wanted) ? wanted : setup.screens[0];
  document.body.dataset.screen = screen;
  trama.emit('screen', screen);
  const focused = document.activeElement;                // what was pressed may be on the screen that is left
  if (!focused || focused === document.body || focused.checkVisibility()) return;
  const heading = $$('h1,h2', document.getElementById(screen)).find(e => e.checkVisibility());
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
/* What was in hand, for a page that is loaded anew; another visit begins afresh. Of one model: another has other garments. */
trama.remember = (name, value) => { try { sessionStorage.setItem(`trama.${name}`, JSON.stringify([trama.key(), value])); } catch { /* private window: not kept */ } };
trama.recall = name => {
  if (!['reload', 'back_forward'].includes(performance.getEntriesByType('navigation')[0]?.type)) return null;
  try {
    const [key, value] = JSON.parse(sessionStorage.getItem(`trama.${name}`));
    return key === trama.key() ? value : null;
  } catch { return null; }
};

trama.bring = (part, block) => {
  const still = matchMedia('(prefers-reduced-motion:reduce)').matches;
  if (narrow.matches) part.scrollIntoView({ behavior: still ? 'auto' : 'smooth', block });
};
trama.reveal = part => {                                 // on a phone, a tapped tile is far below the stage
  if (part.getBoundingClientRect().top < 0) trama.bring(part, 'start');
};
trama.header = (root, origin, server) => {
  trama.server = server;
  trama.voice(root);
  const notice = $('notice', root), languages = $$('[data-language]', root), links = $$('.nav a,.keep', root);
  for (const b of languages) b.onclick = () => trama.speak(b.dataset.language);
  for (const a of links) a.hidden = !setup.screens.includes(a.dataset.go);
  const mark = () => {
    if (!document.body.dataset.screen) return;
    const { screen } = document.body.dataset;              // the film and the game are parts of Learn
    for (const a of links) {
      const here = a.dataset.go === screen ? 'page' : a.dataset.go === 'learn' && ['replay', 'game'].includes(screen) ? 'true' : null;
      here ? a.setAttribute('aria-current', here) : a.removeAttribute('aria-current');
    }
    document.title = `${trama.word(document.body.dataset.screen)} · Trama`;
  };
  const count = () => {
    const number = trama.store.list().length;
    $('count', root).textContent = number || '';
    $('collection', root).setAttribute('aria-label', trama.word('collection_of', { count: number }));
    $('collection', root).title = trama.word('collection');
  };
  trama.on('collection', count);
  trama.on('screen', mark);
  trama.mount(root, () => {
    document.documentElement.lang = trama.language === 'pt' ? 'pt-BR' : 'en';
    trama.press(languages, b => b.dataset.language === trama.language);
    notice.textContent = origin.notice ? trama.word(`notice_${origin.kind}`, { source: origin.asked, reason: trama.word(`reason_${origin.notice}`) }) : '';
    notice.hidden = !origin.notice;
    mark();
    count();
  });
  addEventListener('popstate', go);
  addEventListener('hashchange', go);
  go();
};
trama.footer = (root, origin) => {
  trama.keys(root);
  trama.largeView(root);
  // Gradio's own footer is not shown: it would not follow the language; its panel is.
  $('api', root).onclick = () => document.querySelector('footer .show-api')?.click();
  const other = trama.key() !== trama.own;
  trama.mount(root, () => { $('origin', root).textContent = other ? trama.word('origin_other', setup.model) : trama.word(`origin_${origin.kind}`, { name: origin.name }); });
};
})();
