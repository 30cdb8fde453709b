/* Wardrobe: a rail of twelve garments, one of them on the stage, and its line through the classes. */
(() => {
const { $, $$, setup } = trama, first = props.first, root = element;
const chips = $('chips', root), rail = $('rail', root), line = $('line', root), big = $('big', root);
const seed = $('seed', root), daring = $('daring', root), dyes = $('dyes', root);
const last = setup.max_seed - first.rail.garments.length + 1;
const here = { label: first.label, seed: first.seed, daring: first.daring, chosen: 0, rail: [], line: [], link: null, settled: false };

const TILE = '<button class="tile"><canvas class="cloth"></canvas><span class="no" aria-hidden="true"></span></button><button class="ic fav" tabindex="-1"><svg class="i" aria-hidden="true"><use href="#i-heart"/></svg></button>';
const CAPTION = '<button class="tile"><canvas class="cloth"></canvas></button><small aria-hidden="true"></small>';

function tiles(list, shown, markup, caption) {
  while (list.children.length < shown.length) {
    const item = document.createElement('li');
    item.innerHTML = markup;
    list.append(item);
  }
  shown.forEach((garment, i) => {
    const item = list.children[i], [button, heart] = $$('button', item), name = trama.nameOf(garment);
    $$('.no,small', item)[0].textContent = caption(garment);
    button.setAttribute('aria-label', trama.word('open', { name }));
    button.setAttribute('aria-pressed', trama.same(garment, trama.garment));
    button.onclick = () => {
      if (shown === here.rail) here.chosen = i;
      trama.choose(garment);
      trama.hinted('tap');
      trama.say(trama.word('shown', { name }));
      trama.reveal(big.closest('.stage'));
    };
    if (heart) trama.heart(heart, garment);              // for a finger; from the keyboard it is F, or the stage's
    trama.show($$('canvas', item)[0], trama.picture(garment));
  });
  trama.rove(list);
}
const onRail = () => nursery.children() ?? here.rail;
function drawRail() {
  nursery.draw();
  tiles(rail, onRail(), TILE, trama.calledOf);
}
const drawLine = () => tiles(line, here.line, CAPTION, garment => trama.className(garment.label));

function drawStage() {
  const garment = trama.garment, name = trama.nameOf(garment);
  $('title', root).textContent = trama.kindOf(garment);
  const daring = document.createElement('span'), { family } = garment;
  daring.className = 'long';
  daring.textContent = setup.daring && !family && garment.parts === 1 ? ` · ${trama.word('daring_of', { value: trama.number(garment.daring, 2) })}` : '';
  const child = family && [trama.word('child_of', { number: family.number, name: trama.nameOf(family.parent) }), ...trama.adjusted(garment)].join(' · ');
  $('subtitle', root).replaceChildren(child ?? trama.storyOf(garment), daring);
  big.setAttribute('aria-label', trama.word('picture_alt', { name }));
  trama.show(big, trama.picture(garment, trama.view));
  trama.pressDyes(dyes, garment);
  trama.heart($('heart', root), garment);
  for (const b of $$('[data-put]', root)) {
    b.setAttribute('aria-label', trama.word('put_to', { letter: b.dataset.put.toUpperCase() }));
    b.setAttribute('aria-pressed', trama.same(garment, trama.pair[b.dataset.put]));
  }
}

const lineOf = ({ seed, daring }) => seed === trama.garment.seed && daring === trama.garment.daring;
const askLine = trama.latest(trama.server.line, (answer, asked) => {
  if (!lineOf(asked)) return;                            // of a garment that was in hand
  here.line = trama.take(answer);
  drawLine();
});
const askRail = trama.latest(server.wardrobe, (answer, asked, settled) => {
  here.rail = trama.take(answer);
  here.chosen = Math.min(asked.keep ? here.chosen : 0, here.rail.length - 1);
  trama.choose(here.rail[here.chosen]);
  if (!settled) return;
  const [start, end] = [here.rail[0].seed, here.rail.at(-1).seed];
  trama.say(trama.word('rail_done', { count: here.rail.length, first: start, last: end, name: here.label === null ? trama.word('all') : trama.className(here.label) }));
}, busy => rail.setAttribute('aria-busy', busy));
const refresh = keep => askRail({ label: here.label, seed: here.seed, daring: here.daring, keep });

function chip(label, pixels) {
  const item = document.createElement('li'), button = document.createElement('button');
  button.className = label === null ? 'chip all' : 'chip';
  if (pixels) {
    const canvas = document.createElement('canvas');
    canvas.className = 'cloth';
    button.append(canvas);
    trama.show(canvas, { pixels, area: setup.classes[label].area, ramp: setup.dyes.ink });
  }
  if (label === null) button.innerHTML = '<svg class="i" aria-hidden="true"><use href="#i-hanger"/></svg>';
  const name = document.createElement('span');
  name.textContent = label === null ? trama.word('all') : trama.className(label);
  button.append(name);
  button.setAttribute('aria-pressed', here.label === label);
  button.onclick = () => {
    here.label = label;
    trama.press($$('button', chips), b => b === button);
    trama.rove(chips);
    refresh(true);
  };
  item.append(button);
  return item;
}

function drawDaring() {
  daring.value = here.daring;
  trama.fill(daring);
  $('daring-value', root).textContent = trama.number(here.daring, 2);
}

const nursery = trama.nursery(root, drawRail), drawHint = trama.hints(root);
$('roll', root).onclick = () => {
  here.seed = seed.value = trama.randomSeed();
  trama.wrong(seed, '');
  trama.hinted('roll');
  refresh(false);
};
seed.onchange = () => {
  const before = here.seed;
  here.seed = trama.readSeed(seed, before, last);
  if (here.seed !== before) refresh(false);
};
daring.oninput = () => { here.daring = Number(daring.value); drawDaring(); refresh(true); };
$('save', root).onclick = () => trama.savePicture(trama.garment);
$('link', root).onclick = () => trama.copyLink($('link', root), trama.garment);
$('enlarge', root).onclick = big.onclick = () =>
  trama.enlarge([onRail(), here.line].find(list => list.some(other => trama.same(other, trama.garment))) ?? [trama.garment]);
$('open-line', root).addEventListener('click', () => trama.emit('open-line', { seed: trama.garment.seed, daring: trama.garment.daring }));
$('open-line', root).hidden = !setup.screens.includes('line');
for (const b of $$('[data-put]', root)) b.onclick = () => {
  trama.put(b.dataset.put, trama.garment);
  trama.note(trama.word('put_done', { name: trama.nameOf(trama.garment), letter: b.dataset.put.toUpperCase() }));
};
$('daring-row', root).hidden = !setup.daring;
if (setup.daring) daring.max = setup.daring.most;
chips.hidden = $('line-section', root).hidden = setup.classes.length < 2;

/* The critic and the nearest training garments: folded, and asked for only while somebody looks. */
const opinion = $('opinion', root), panel = trama.opinionPanel($('panel', root));
const look = () => { if (opinion.open) panel.ask(trama.garment); };
opinion.addEventListener('toggle', look);

const remember = () => here.settled && trama.remember('wardrobe', { label: here.label, seed: here.seed, daring: here.daring, recipe: trama.recipe(trama.garment), link: here.link });
function follow() {
  remember();
  drawRail();
  drawStage();
  look();
  const { seed, daring } = trama.garment;
  if (here.line[0] && lineOf(here.line[0])) drawLine();
  else askLine({ seed, daring });
  $('line-seed', root).textContent = trama.originOf(trama.garment);
}
trama.on('garment', follow);
trama.on('dye', () => { drawRail(); drawLine(); drawStage(); look(); });
trama.on('view', drawStage);
trama.on('pair', drawStage);
trama.on('collection', () => { drawRail(); drawStage(); });

/* After a reload: the rail, and the garment in hand, which may be none of it. Where the address has a recipe,
   that comes first, and a reload goes on from what was done since. */
const kept = trama.recall('wardrobe'), link = new URLSearchParams(location.search).get('r');
const fits = ({ label, seed, daring, recipe }) => (label === null || setup.classes[label]) && Number.isInteger(seed) && seed >= 0 && seed <= last
  && daring >= 0 && daring <= (setup.daring?.most ?? 1) && typeof recipe === 'string';
async function comeBack({ recipe }) {
  await refresh(false);
  const at = here.rail.findIndex(garment => trama.recipe(garment) === recipe);
  if (at < 0) return trama.openRecipe(recipe);
  here.chosen = at;
  trama.choose(here.rail[at]);
}

rail.replaceChildren();                                  // the server's pictures have done their part
here.rail = trama.take(first.rail);
here.line = trama.take(first.line);
const icons = trama.decode(first.icons), columns = icons.length > 10 ? 5 : Math.ceil(icons.length / 2);
const back = kept && kept.link === link && fits(kept) ? kept : null;
if (back) Object.assign(here, { label: back.label, seed: back.seed, daring: back.daring, link });
trama.choose(here.rail[0]);
trama.mount(root, () => {
  chips.replaceChildren(chip(null), ...icons.map((pixels, label) => chip(label, pixels)));
  chips.style.setProperty('--columns', columns);
  chips.style.setProperty('--rows', Math.ceil(icons.length / columns));
  trama.rove(chips);
  if (setup.classes.length !== 10) $$('#line-title', root)[0].textContent = trama.word('line_title_any');
  trama.dyeButtons(dyes, () => trama.garment);
  for (const b of $$('[data-view=pixels]', root)) b.title = trama.word('pixels_tip', { size: setup.size });
  seed.value = here.seed;
  drawDaring();
  drawHint();
  panel.draw();
  follow();                                              // the garment is the same: nobody else need hear of it
});
async function arrive(coming) {                          // what it opens with is not worth remembering
  const before = trama.garment;
  await coming;
  here.settled = true;
  if (trama.garment === before) return;
  here.link = link;
  remember();
}
arrive(back ? comeBack(back) : trama.openAddress());
})();
