/* What the steps of the lesson are built of: elements, rows of cloth, curves, and the lines behind them. */
(() => {
const { $$ } = trama, SVG = 'http://www.w3.org/2000/svg';

trama.make = (tag, text, name) => {
  const part = document.createElement(tag);
  if (text !== undefined) part.textContent = text;
  if (name) part.className = name;
  return part;
};

/* As many canvases as pictures, each in a wrapper of its own; `alt` names it, none where it is told otherwise. */
trama.cloths = (list, pictures, tag = 'li', alt = null) => {
  while (list.children.length > pictures.length) list.lastElementChild.remove();
  while (list.children.length < pictures.length) {
    const item = trama.make(tag);
    item.append(trama.make('canvas', undefined, 'cloth'));
    list.append(item);
  }
  pictures.forEach((picture, i) => {
    const canvas = $$('canvas', list.children[i])[0];
    if (alt) { canvas.setAttribute('role', 'img'); canvas.setAttribute('aria-label', alt(i)); }
    else canvas.setAttribute('aria-hidden', 'true');
    trama.show(canvas, picture);
  });
};

trama.picked = (buttons, pressed) => trama.press(buttons, b => b === pressed);

const roundUp = value => { const unit = 10 ** Math.floor(Math.log10(value)); return Math.ceil(value / unit * 2 - 1e-9) / 2 * unit; };

/* Curves {name, values} in a picture of 100 x 100: from left to right, or each value at its own x. The chart around
   it says how far its scale goes, and whether a curve is cut there; the same words come back for its description.
   Without a wanted top the scale is that of powers of ten, the same for every training: losses that run away are to be
   seen beside those that do not. */
const POWERS = [1, 10, 1e3, 1e5], HIGHEST = 1e7;
const compact = value => new Intl.NumberFormat(trama.language === 'pt' ? 'pt-BR' : 'en', { notation: 'compact' }).format(value);
trama.curves = (svg, lines, steps, wanted) => {
  const high = wanted ? roundUp(wanted) : HIGHEST, over = lines.some(({ values }) => values.some(value => value > high));
  const told = wanted || over ? trama.word(over ? 'chart_over' : 'chart_high', { high: compact(high) }) : trama.word('chart_powers', { lines: POWERS.map(compact).join(' · ') });
  Object.assign(svg.parentNode.dataset, { high: told, over });
  const share = value => wanted ? value / high : Math.log1p(Math.max(0, value)) / Math.log1p(high);
  const y = value => (100 - Math.max(0, Math.min(1, share(value))) * 98 - 1).toFixed(2);
  const grid = (wanted ? [.25, .5, .75].map(part => part * high) : POWERS).map(value => ['grid', `M0 ${y(value)}H100`]);
  const ways = lines.map(({ name, values, x }) => [name, values.map((value, i) => `${i ? 'L' : 'M'}${(x ? x[i] : i / Math.max(1, steps - 1) * 100).toFixed(2)} ${y(value)}`).join('')]);
  svg.replaceChildren(...[...grid, ...ways].map(([name, d]) => {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', name);
    path.setAttribute('d', d);
    return path;
  }));
  return told;
};

/* A loss in figures: two decimals, and none once it ran away. */
trama.loss = value => Math.abs(value) < 100 ? trama.number(value, 2) : trama.count(Math.round(value));

/* Means of equal parts: a curve of thousands of steps in as many points as can be seen. */
trama.smooth = (values, most = 120) => {
  if (values.length <= most) return values;
  return Array.from({ length: most }, (_, i) => {
    const part = values.slice(Math.floor(i * values.length / most), Math.floor((i + 1) * values.length / most));
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
};

/* The text of the functions behind a step; it is shown as text, whatever is in it. */
trama.lines = (details, functions) => {
  const summary = trama.make('summary'), icon = '<svg class="i" aria-hidden="true"><use href="#i-code"/></svg>';
  summary.innerHTML = icon;
  summary.append(trama.word('learn_code'));
  details.replaceChildren(summary, ...functions.flatMap(({ file, first, last, text }) => {
    const pre = trama.make('pre'), name = trama.word('learn_code_place', { file, first, last });
    pre.tabIndex = 0;                                    // it scrolls, so the keyboard must reach it
    pre.setAttribute('role', 'region');
    pre.setAttribute('aria-label', name);
    pre.append(trama.make('code', text));
    return [trama.make('p', name, 'num'), pre];
  }));
};
})();
