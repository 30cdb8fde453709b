/* What the critic thinks of a garment, among real and made ones of its class, and the five training garments
   nearest to it. The lesson and the wardrobe have a panel each; the server is asked when somebody looks. */
(() => {
const { $$, setup, make } = trama, SVG = 'http://www.w3.org/2000/svg', WIDTH = 100, HALF = 48;
const WORDS = { strange: 'opinion_is_strange', doubtful: 'opinion_is_doubtful', convincing: 'opinion_is_convincing', real: 'opinion_is_real' };

function bars(svg, heaps) {
  const most = Math.max(...heaps.real, ...heaps.made), wide = WIDTH / heaps.real.length;
  const bar = (share, i, up) => {
    const rect = document.createElementNS(SVG, 'rect'), high = share / most * HALF;
    const at = { x: i * wide + wide * .1, width: wide * .8, y: up ? 50 - high : 50, height: high, class: up ? 'r' : 'g' };
    for (const [name, value] of Object.entries(at)) rect.setAttribute(name, typeof value === 'number' ? value.toFixed(2) : value);
    return rect;
  };
  svg.replaceChildren(...heaps.real.map((share, i) => bar(share, i, true)), ...heaps.made.map((share, i) => bar(share, i, false)));
}

trama.opinionPanel = (root, { hidden = false } = {}) => {
  const axis = make('div', undefined, 'axis'), svg = document.createElementNS(SVG, 'svg'), ends = make('div', undefined, 'ends');
  const mine = make('span', undefined, 'mine'), guess = make('span', undefined, 'pin guess'), pin = make('span', undefined, 'pin'), examples = make('div', undefined, 'row');
  const keyline = make('ul', undefined, 'keyline'), told = make('p'), note = make('small'), title = make('h3'), near = make('ul', undefined, 'five'), verdict = make('p', undefined, 'verdict');
  const here = { opinion: null, nearest: null, garment: null, open: !hidden, guess: null, asked: null };
  svg.setAttribute('viewBox', '0 0 100 100');
  svg.setAttribute('preserveAspectRatio', 'none');
  mine.append(make('canvas', undefined, 'cloth'));
  axis.append(mine, svg, pin, guess, examples, ends);
  told.setAttribute('aria-live', 'polite');
  verdict.setAttribute('role', 'status');
  root.append(axis, keyline, told, note, title, near, verdict);

  const take = name => (answer, { recipe }) => {
    if (trama.bare(recipe) !== trama.bare(trama.recipe(here.garment))) return;   // of the garment before
    here[name] = answer;
    draw();
  };
  const ended = name => {
    if (here[name]) return;
    here.asked = null;                                   // no answer came: whoever looks again asks again
    draw();
  };
  const askOpinion = trama.latest(trama.server.opinion, take('opinion'), busy => { if (!busy) ended('opinion'); });
  const askNearest = trama.latest(trama.server.nearest, take('nearest'), busy => { near.setAttribute('aria-busy', busy); if (!busy) ended('nearest'); });

  function drawOpinion() {
    const { opinion, garment } = here, missing = opinion?.missing, name = trama.nameOf(garment);
    for (const part of [axis, keyline, note]) part.hidden = missing;
    if (missing) { told.textContent = trama.word('opinion_missing'); return; }
    bars(svg, opinion.heaps);
    svg.setAttribute('role', 'img');                     // until then it is nothing yet
    svg.setAttribute('aria-label', trama.word('opinion_alt', { kind: trama.className(garment.label) }));
    axis.style.setProperty('--v', `${opinion.score}%`);
    for (const part of [mine, pin]) part.hidden = !here.open;
    guess.hidden = here.guess === null;
    if (here.guess !== null) axis.style.setProperty('--g', `${here.guess}%`);
    const canvas = $$('canvas', mine)[0], score = trama.number(opinion.score);
    trama.show(canvas, trama.picture(garment));
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', here.open ? trama.word('opinion_yours', { name, score }) : name);
    const pictures = trama.decode(opinion.examples.pixels).map(pixels => ({ pixels, area: setup.classes[garment.label].area, ramp: setup.dyes.madder }));
    trama.cloths(examples, pictures, 'span', i => trama.word('opinion_example', { score: trama.number(opinion.examples.scores[i]) }));
    opinion.examples.scores.forEach((value, i) => examples.children[i].style.setProperty('--p', `${value}%`));
    ends.replaceChildren(make('span', trama.word('opinion_low')), make('span', trama.word('opinion_high')));
    keyline.replaceChildren(make('li', trama.word('opinion_up'), 'r'), make('li', trama.word('opinion_down'), 'g'), make('li', here.open ? trama.word('opinion_yours', { name, score }) : name, 'c'));
    told.textContent = here.open ? `${trama.word(WORDS[opinion.word])} ${trama.word('opinion_among', { real: trama.number(opinion.among_real), made: trama.number(opinion.among_made), score })}${opinion.beyond ? ` ${trama.word('opinion_beyond')}` : ''}` : '';
    note.textContent = trama.word('opinion_note');
  }
  function drawNearest() {
    const { nearest } = here, looking = near.getAttribute('aria-busy') === 'true';
    title.textContent = trama.word('nearest_title');
    near.hidden = nearest ? nearest.missing : !looking;  // those before stay, faint, until others come
    if (!nearest) { verdict.textContent = looking ? trama.word('nearest_looking') : ''; return; }
    if (nearest.missing) { verdict.textContent = trama.word('nearest_missing'); return; }
    const pictures = trama.decode(nearest.pixels).map((pixels, i) => ({ pixels, area: setup.classes[nearest.labels[i]].area, ramp: setup.dyes.ink }));
    trama.cloths(near, pictures, 'li', i => trama.word('nearest_one', { name: trama.className(nearest.labels[i]), distance: trama.number(nearest.distances[i], 2) }));
    nearest.distances.forEach((distance, i) => {
      const small = $$('small', near.children[i])[0] ?? near.children[i].appendChild(make('small', '', 'num'));
      small.textContent = trama.number(distance, 2);
    });
    verdict.textContent = trama.word(nearest.word === 'new' ? 'nearest_new' : 'nearest_close', { percentile: trama.number(nearest.percentile) });
  }
  function draw() {
    for (const part of [axis, keyline, told]) part.style.visibility = here.opinion ? '' : 'hidden';   // its place is kept
    if (here.opinion) drawOpinion();
    drawNearest();
  }
  return {
    draw,
    get score() { return here.opinion?.missing ? null : here.opinion?.score ?? null; },
    guess(value) { here.guess = value; draw(); },
    open(on = true) { here.open = on; draw(); },
    ask(garment) {
      const recipe = trama.recipe(garment), asked = trama.bare(recipe);
      here.garment = garment;
      if (here.asked === asked) return draw();
      Object.assign(here, { asked, opinion: null, nearest: null });
      askOpinion({ recipe });
      askNearest({ recipe });
      draw();
    },
  };
};
})();
