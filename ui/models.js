/* Models: cards of what is on the shelf, a field that opens another, and two models side by side. */
(() => {
const { $, $$, setup } = trama, root = element, shelf = $('shelf', root);
const seed = $('seed', root), daring = $('daring', root), kind = $('kind', root), source = $('source', root);
const picks = [$('left', root), $('right', root)], sides = $$('.side', root);
const here = { models: [], offered: null, seed: 4200, daring: setup.daring?.usual ?? .7, label: null, columns: [], shared: [], asked: false };

/* The revision only where it tells two apart: the name is what there is room for on a phone. */
const called = model => here.models.filter(({ strip }) => strip.setup.model.name === model.name).length > 1 ? `${model.name} · ${model.digest}` : model.name;
const wordOf = column => label => column.setup.classes[label][trama.language];
const make = (tag, text, name) => {
  const part = document.createElement(tag);
  if (text !== undefined) part.textContent = text;
  if (name) part.className = name;
  return part;
};

/* The id that the address of a model's page on the Hub stands for; any other text as it is. */
const PAGE = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/(?:models\/)?([^/?#\s]+)\/([^/?#\s]+)(?:\/(?:tree|blob|resolve|commit)\/([^/?#\s]+)[^\s]*)?\/?(?:[?#]\S*)?$/i;
const OTHER_PAGES = ['datasets', 'spaces', 'docs', 'papers', 'collections', 'blog', 'api'];
function idOf(text) {
  const [, owner, name, revision] = PAGE.exec(text) ?? [];
  if (!owner || OTHER_PAGES.includes(owner.toLowerCase())) return text;
  let at = revision;
  try { at = decodeURIComponent(revision ?? ''); } catch { /* the server tells what is wrong with it */ }
  return at && at !== 'main' ? `${owner}/${name}@${at}` : `${owner}/${name}`;
}

/* A long name breaks after its owner and between its words, not within one. */
function named(title, name) {
  for (const part of name.split(/(?<=[/._-])/)) title.append(part, document.createElement('wbr'));
  return title;
}

/* A column or a strip is of a model of its own: its classes and the size of its pictures are not the page's. */
function unpack(answer) {
  const pixels = trama.decode(answer.pixels, answer.setup);
  return { ...answer, garments: answer.garments.map((garment, i) => ({ ...garment, pixels: pixels[i] })) };
}
const areaOf = (column, garment) => garment.classes.reduce((area, [label, share]) => area + share * column.setup.classes[label].area, 0);
function canvas(column, garment) {
  const picture = make('canvas', undefined, 'cloth'), { pixels } = garment;
  trama.show(picture, { pixels, area: areaOf(column, garment), ramp: trama.rampOf(garment), view: 'smooth' });
  return picture;
}

function card({ key, figures, strip }) {
  const item = document.createElement('li'), { model, size, names } = strip.setup, used = key === trama.key();
  const title = named(make('h2'), model.name), glance = make('div', undefined, 'glance');
  title.append(make('small', `${trama.word('model_revision', model)} · ${trama.word('model_size', { size })}`, 'num'));
  glance.setAttribute('role', 'img');
  glance.setAttribute('aria-label', trama.word('model_strip', model));
  glance.append(...strip.garments.map(garment => canvas(strip, garment)));
  const classes = names.length ? trama.word('model_classes', { count: names.length, names: strip.setup.classes.map(c => c[trama.language]).join(', ') }) : trama.word('model_plain');
  const measured = figures ? trama.word('model_figures', { r: trama.number(figures.r, 2), recall: trama.number(figures.recall, 2), date: trama.date(figures.date) }) : trama.word('model_unmeasured');
  const measures = make('p', measured, 'soft');
  if (figures) measures.title = trama.word('model_figures_tip');
  item.append(title, glance, make('p', classes), measures);
  if (used) {
    item.setAttribute('aria-current', 'true');
    const told = make('p', '', 'used');
    told.innerHTML = '<svg class="i" aria-hidden="true"><use href="#i-check"/></svg>';
    told.append(trama.word('model_in_use'));
    item.append(told);
  } else {
    const use = make('button', trama.word('model_use'), 'b');
    use.setAttribute('aria-label', trama.word('model_use_of', model));
    use.onclick = () => trama.useModel(key, 'wardrobe');
    item.append(use);
  }
  return item;
}

function drawShelf() {
  shelf.replaceChildren(...here.models.map(card));
  const closed = here.offered?.length === 0, alone = here.models.length < 2;
  $('opening', root).hidden = closed || !here.asked;
  $('closed', root).hidden = !closed;
  $('offered', root).replaceChildren(...(here.offered ?? []).map(id => new Option('', id)));
  $('alone', root).hidden = !alone || closed;
  $('comparing', root).hidden = $('lead', root).hidden = alone;
  picks.forEach((pick, i) => {
    const before = pick.value;
    pick.replaceChildren(...here.models.map(({ key, strip }) => new Option(called(strip.setup.model), key)));
    pick.value = here.models.some(({ key }) => key === before) ? before : i ? here.models.find(({ key }) => key !== trama.key())?.key ?? '' : trama.key();
    if (pick.selectedIndex < 0) pick.selectedIndex = Math.min(i, here.models.length - 1);
  });
}

function drawColumns() {
  here.columns.forEach((column, i) => {
    const { model } = column.setup, key = `${model.name}~${model.digest}`;
    sides[i].setAttribute('aria-label', trama.word('model_strip', { name: called(model) }));
    sides[i].replaceChildren(...column.garments.map(garment => {
      const item = document.createElement('li'), tile = make('button', undefined, 'tile'), number = make('span', garment.seed, 'no');
      number.setAttribute('aria-hidden', 'true');
      tile.setAttribute('aria-label', trama.word('open', { name: `${wordOf(column)(garment.label)} ${garment.seed}, ${called(model)}` }));
      tile.onclick = () => {
        if (key !== trama.key()) return trama.useModel(key, 'wardrobe', garment.recipe);
        trama.choose(garment);
        $$('a.home')[0].click();
      };
      tile.append(canvas(column, garment), number);
      item.append(tile);
      return item;
    }));
    trama.rove(sides[i]);
  });
  drawKinds();
}
function drawKinds() {
  const [left, right] = here.columns;
  if (!left) return;
  const words = new Map(left.setup.names.map((name, label) => [name, wordOf(left)(label)]));
  kind.replaceChildren(new Option(trama.word('compare_every'), ''), ...here.shared.map(name => new Option(words.get(name), name)));
  kind.value = here.label ?? '';
  $('kind-row', root).hidden = !here.shared.length;
  const only = [left, right].map(column => ({ name: column.setup.model.name, classes: column.setup.names.map((name, label) => here.shared.includes(name) ? null : wordOf(column)(label)).filter(Boolean).join(', ') }));
  const told = here.shared.length ? only.filter(({ classes }) => classes).map(side => trama.word('compare_differ', side)).join(' ')
    : only.some(({ classes }) => classes) ? trama.word('compare_none') : '';
  $('differ', root).textContent = told;
  $('differ', root).hidden = !told;
}
function drawDaring() {
  daring.value = here.daring;
  trama.fill(daring);
  $('daring-value', root).textContent = trama.number(here.daring, 2);
}

const askColumns = trama.latest(server.compare, (answer, asked, settled) => {
  here.columns = answer.columns.map(unpack);
  here.shared = answer.shared;
  drawColumns();
  if (settled) trama.say(trama.word('compare_done', asked));
}, busy => $('columns', root).setAttribute('aria-busy', busy));
const compare = () => here.models.length > 1 && askColumns({ models: picks.map(pick => pick.value), label: here.label, seed: here.seed, daring: here.daring });

async function list() {
  const answer = await trama.ask(server.list_models, {});
  if (!answer) return;
  here.asked = true;
  here.models = answer.models.map(model => ({ ...model, strip: unpack(model.strip) }));
  here.offered = answer.offered;
  drawShelf();
  compare();
}

$('opening', root).onsubmit = async event => {
  event.preventDefault();
  const id = idOf(source.value.trim()), button = $('open', root);
  if (button.disabled) return;
  trama.wrong(source, id ? '' : trama.word('model_empty'));
  if (!id) return source.focus();
  source.value = id;
  button.disabled = true;
  button.textContent = trama.word('fetching', { id });
  trama.say(trama.word('fetching', { id }));
  let answer = null;
  try { answer = await server.open_model({ source: id }); } catch { /* told below */ }
  button.disabled = false;
  button.textContent = trama.word('model_open');
  if (!answer?.key) return trama.wrong(source, trama.word('model_refused', { id: id.slice(0, 80), reason: trama.reason(answer ?? {}) }));
  source.value = '';
  await list();
  picks[1].value = answer.key;
  if (picks[0].value === answer.key) picks[0].value = trama.key();
  compare();
  trama.say(trama.word('model_opened', { id }));
};
$('roll', root).onclick = () => { here.seed = seed.value = trama.randomSeed(); trama.wrong(seed, ''); compare(); };
seed.onchange = () => { here.seed = trama.readSeed(seed, here.seed, setup.max_seed - 11); compare(); };
daring.oninput = () => { here.daring = Number(daring.value); drawDaring(); compare(); };
kind.onchange = () => { here.label = kind.value || null; compare(); };
for (const pick of picks) pick.onchange = () => { here.label = null; compare(); };

trama.on('screen', screen => { if (screen === 'models') list(); });
trama.mount(root, () => {
  source.placeholder = trama.word('model_example');
  seed.value = here.seed;
  drawDaring();
  if (here.asked) { drawShelf(); drawColumns(); }
});
if (document.body.dataset.screen === 'models') list();
})();
