/* The classes of a garment: a bar of their shares, and the dialog where one seed is woven from several. */
(() => {
const { $, $$ } = trama;

/* Shares by label, for the bar: [[label, share, dye]]. Each class wears a dye of its own, its corner's if it can. */
function coloured(shares, dyes) {
  const all = Object.keys(trama.setup.dyes), free = new Set(all);
  const wanted = shares.map(([label]) => dyes.get(label)).map(dye => free.delete(dye) ? dye : null);
  return shares.map(([label, share], i) => {
    const dye = wanted[i] ?? [...free][0] ?? all[i % all.length];
    free.delete(dye);
    return [label, share, dye];
  });
}
trama.drawClasses = (root, shares, dyes) => {
  const percents = trama.percents(shares.map(([, share]) => share));
  const seen = coloured(shares, dyes).map(([label, , dye], i) => [label, percents[i], dye]).filter(([, percent]) => percent);
  const texts = seen.map(([label, percent]) => trama.word('class_share', { value: percent, name: trama.className(label) }));
  const bar = $('mixbar', root), legend = $('legend', root), part = tag => seen.map(([, , dye]) => Object.assign(document.createElement(tag), { className: dye }));
  bar.setAttribute('aria-label', texts.join(', '));
  bar.replaceChildren(...part('i').map((e, i) => { e.style.flexGrow = seen[i][1]; return e; }));
  legend.replaceChildren(...part('li').map((e, i) => { e.textContent = texts[i]; return e; }));
  return texts.join(', ');
};

/* `stage` gives the garment on the stage; `take` receives the one that was woven. */
trama.weave = (root, mix, { stage, take }) => {
  const dialog = $('weave', root), canvas = $('weave-cloth', root), list = $('weave-rows', root);
  let from = null, woven = null, weights = [];

  const ask = trama.latest(mix, (answer, asked) => {
    if (!dialog.open || asked.recipe !== trama.recipe(from)) return;
    [woven] = trama.take(answer);
    drawCloth();
  });
  function drawCloth() {
    canvas.setAttribute('aria-label', trama.word('picture_alt', { name: trama.nameOf(woven) }));
    trama.show(canvas, trama.picture(woven));
  }
  function drawRows() {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const percents = trama.percents(weights.map(weight => weight / total));
    [...list.children].forEach((row, label) => {
      const [range] = $$('input', row), [output] = $$('output', row);
      range.value = weights[label];
      trama.fill(range);
      output.textContent = trama.word('blend_percent', { value: percents[label] });
      range.setAttribute('aria-valuetext', output.textContent);
    });
  }
  function set(label, weight) {
    const before = weights[label];
    weights[label] = weight;
    if (!weights.some(Boolean)) weights[label] = before || 1;   // something must be left to weave
    drawRows();
    ask({ recipe: trama.recipe(from), shares: Object.fromEntries(weights.map((weight, label) => [label, weight]).filter(([, weight]) => weight)) });
  }
  function row(name, label) {
    const item = document.createElement('li'), word = document.createElement('label'), range = document.createElement('input'), output = document.createElement('output');
    item.className = 'sl';
    Object.assign(range, { type: 'range', min: 0, max: 100, step: 1, id: `weave-${label}` });
    word.htmlFor = output.htmlFor = range.id;
    word.textContent = name;
    output.setAttribute('aria-live', 'off');
    range.oninput = () => set(label, Number(range.value));
    item.append(word, range, output);
    return item;
  }

  $('classes-open', root).onclick = () => stage(garment => {
    from = woven = garment;
    weights = trama.setup.classes.map((_, label) => Math.round(100 * (garment.classes.find(([known]) => known === label)?.[1] ?? 0)));
    $('weave-seed', root).textContent = trama.originOf(garment);
    trama.modal(dialog);
    drawRows();
    drawCloth();
    set(garment.label, weights[garment.label] || 1);     // woven of its main seed alone, it is another garment
  });
  $('weave-take', root).onclick = () => { dialog.close(); take(woven, from); };
  $('weave-close', root).onclick = () => dialog.close();
  trama.outside(dialog);
  return () => {
    $('classes', root).hidden = trama.setup.classes.length < 2;
    list.replaceChildren(...trama.setup.classes.map((_, label) => row(trama.className(label), label)));
  };
};
})();
