/* Blend: A and B, a strip of every step between them computed once, and two shares by layer. */
(() => {
const { $, $$, setup, pair } = trama, first = props.first, root = element;
const mix = $('mix', root), shape = $('shape', root), pattern = $('pattern', root), big = $('big', root), film = $('film', root);
const FILM_STEP = 10, step = 100 / (first.steps - 1);
let strip = [], single = null, follow = true;            // follow: shape and pattern are where blend is

const request = () => ({ a: trama.recipe(pair.a), b: trama.recipe(pair.b) });
const mixture = () => ({ recipes: [trama.recipe(pair.a), trama.recipe(pair.b)], shape: [1 - shape.value / 100, shape.value / 100], pattern: [1 - pattern.value / 100, pattern.value / 100] });
const shares = () => ({ shape: Number(shape.value) / 100, pattern: Number(pattern.value) / 100 });
const frame = percent => strip[Math.round(percent / step)];

function picture(pixels, { shape, pattern }, view) {
  const { a, b } = pair, between = (x, y, share) => x * (1 - share) + y * share;
  const share = (shape + pattern) / 2;
  return { pixels, view, area: between(trama.areaOf(a), trama.areaOf(b), share), ramp: trama.mixRamps([a, b].map(trama.rampOf), [1 - share, share]) };
}

function drawBig() {
  const pixels = follow ? frame(Number(mix.value)) : single;
  if (pixels) trama.show(big, picture(pixels, shares(), trama.view));
  big.setAttribute('aria-label', trama.word('blend_alt', { a: trama.nameOf(pair.a), b: trama.nameOf(pair.b), shape: shape.value, pattern: pattern.value }));
  [...film.children].forEach((item, i) => {
    const now = follow && Math.round(mix.value / FILM_STEP) === i;
    item.firstChild.setAttribute('aria-pressed', now);
    if (now) film.scrollLeft = item.offsetLeft - film.offsetLeft - film.clientWidth / 2 + item.offsetWidth / 2;
  });
  for (const [name, range] of [['mix', mix], ['shape', shape], ['pattern', pattern]]) {
    const text = trama.word('share', { value: Math.round(range.value) });
    trama.fill(range);
    range.setAttribute('aria-valuetext', text);
    $(`${name}-value`, root).textContent = text;
  }
}

function drawFilm() {
  for (let i = 0; i <= 100 / FILM_STEP; i++) {
    let item = film.children[i];
    if (!item) {
      item = document.createElement('li');
      item.innerHTML = `<button class="tile"><canvas class="cloth"></canvas>${i === 0 ? '<b>A</b>' : i * FILM_STEP === 100 ? '<b>B</b>' : ''}</button>`;
      item.firstChild.onclick = () => { move(i * FILM_STEP); trama.say(trama.word('share', { value: i * FILM_STEP })); };
      film.append(item);
    }
    const share = i * FILM_STEP / 100;
    item.firstChild.setAttribute('aria-label', trama.word('path_step', { value: i * FILM_STEP }));
    trama.show($$('canvas', item)[0], picture(frame(i * FILM_STEP), { shape: share, pattern: share }));
  }
}

function drawPair() {
  for (const letter of ['a', 'b']) {
    const garment = pair[letter], name = trama.nameOf(garment), card = cards[letter];
    card.root.setAttribute('aria-label', trama.word('card', { letter: letter.toUpperCase(), name }));
    card.canvas.setAttribute('aria-label', trama.word('picture_alt', { name }));
    card.choice.value = garment.label;
    card.seed.value = garment.seed;
    trama.pressDyes(card.dyes, garment);
    const thumb = $(`thumb-${letter}`, root);
    thumb.parentNode.setAttribute('aria-label', trama.word('go_end', { letter: letter.toUpperCase(), name }));
    thumb.parentNode.title = trama.word('go_end', { letter: letter.toUpperCase(), name });
    for (const canvas of [card.canvas, thumb]) if (garment.pixels) trama.show(canvas, trama.picture(garment));
  }
  $('subtitle', root).textContent = `${pair.a.seed} × ${pair.b.seed}`;
}
const draw = () => { drawPair(); drawFilm(); drawBig(); };

const askStrip = trama.latest(server.strip, answer => take(answer));
const askSingle = trama.latest(trama.server.mix, answer => { if (!follow) { [single] = trama.decode(answer.pixels); drawBig(); } });
function take(answer) {
  strip = trama.decode(answer.pixels);
  pair.a.pixels = strip[0];                              // the ends of the strip are the two garments
  pair.b.pixels = strip.at(-1);
  draw();
}
const refresh = () => { drawPair(); askStrip(request()); if (!follow) askSingle(mixture()); };

function move(percent) {
  follow = true;
  mix.value = shape.value = pattern.value = percent;
  drawBig();
}
function detach() {
  follow = false;
  mix.value = (Number(shape.value) + Number(pattern.value)) / 2;
  drawBig();
  askSingle(mixture());
}

const cards = {};
for (const letter of ['a', 'b']) {
  const card = $('card', root).content.firstElementChild.cloneNode(true), find = selector => $$(selector, card)[0];
  const change = async values => {
    const { label, seed, daring } = pair[letter], answer = await trama.ask(trama.server.garment, { label, seed, daring, ...values });
    if (answer) trama.put(letter, trama.take(answer)[0]);
  };
  cards[letter] = { root: card, canvas: find('canvas'), choice: find('select'), seed: find('input'), dyes: find('.dyes') };
  find('.letter').textContent = letter.toUpperCase();
  find('select').hidden = setup.classes.length < 2;
  find('select').onchange = event => change({ label: Number(event.target.value) });
  find('input').onchange = event => change({ seed: trama.readSeed(event.target, pair[letter].seed) });
  find('.row button').onclick = () => change({ seed: trama.randomSeed() });
  $('cards', root).append(card);
}

mix.oninput = () => move(mix.value);
shape.oninput = pattern.oninput = detach;
for (const range of [mix, shape, pattern]) range.onchange = () => trama.say(big.getAttribute('aria-label'));
for (const b of $$('.thumb', root)) b.onclick = () => { move(b.dataset.end); trama.say(b.title); };
$('save', root).onclick = async () => {
  const answer = await trama.ask(trama.server.mix, mixture());
  if (answer) trama.savePicture(trama.take(answer)[0]);
};

trama.on('pair', refresh);
trama.on('dye', draw);
trama.on('view', drawBig);

[pair.a, pair.b] = trama.take(first.pair);
mix.value = shape.value = pattern.value = first.percent;
trama.mount(root, () => {
  for (const { choice, dyes, root: card } of Object.values(cards)) {
    const letter = card === cards.a.root ? 'a' : 'b';
    choice.replaceChildren(...setup.classes.map((_, label) => new Option(trama.className(label), label)));
    trama.dyeButtons(dyes, () => pair[letter]);
  }
  for (const b of $$('[data-view=pixels]', root)) b.title = trama.word('pixels_tip', { size: setup.size });
  if (strip.length) draw();
});
take(first.strip);
})();
