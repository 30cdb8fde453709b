/* Step 1, two kinds of network: bars of a garment's classes, garments of a class. Step 6, what they are good for. */
(() => {
const { $, $$, setup } = trama, DOUBT = .15, KINDS = ['Boot', 'Dress', 'T-shirt', 'Bag'], LABELLED = 6;

trama.lessonKinds = (root, server, solved) => {
  const zoo = $('zoo', root), bars = $('bars', root), classes = $('classes', root), made = $('made', root);
  const here = { zoo: [], chosen: 0, chances: [], label: null, made: [] };
  const dyed = garment => ({ ...trama.picture(garment), ramp: setup.dyes.madder });
  const garments = () => [trama.garment, ...here.zoo], percent = chance => Math.round(chance * 100);

  const ask = trama.latest(server.classify, ({ chances }, asked) => {
    here.chances = chances;
    drawBars();
    const [[first, most], [second, next]] = chances;
    if (!asked.tapped) return;
    const told = { first: trama.className(first).toLowerCase(), second: trama.className(second).toLowerCase(), most: percent(most), next: percent(next) };
    most - next < DOUBT ? solved('kinds', () => trama.word('learn_kinds_yes', told)) : solved('kinds', () => trama.word('learn_kinds_no', told), false);
  });
  const askMade = trama.latest(server.make, answer => { here.made = trama.take(answer); drawMade(); });

  function drawBars() {
    bars.replaceChildren(...here.chances.map(([label, chance]) => {
      const item = trama.make('li'), bar = trama.make('i');
      bar.style.setProperty('--v', `${chance * 100}%`);
      item.append(trama.make('span', trama.className(label)), bar, trama.make('span', trama.word('percent', { value: percent(chance) }), 'num'));
      return item;
    }));
  }
  function drawZoo() {
    while (zoo.children.length < garments().length) {
      const item = trama.make('li'), button = trama.make('button');
      button.append(trama.make('canvas', undefined, 'cloth'));
      item.append(button);
      zoo.append(item);
    }
    garments().forEach((garment, i) => {
      const button = $$('button', zoo.children[i])[0], name = trama.nameOf(garment);
      trama.show($$('canvas', button)[0], trama.picture(garment));
      button.setAttribute('aria-label', i ? name : trama.word('learn_yours', { name }));
      button.setAttribute('aria-pressed', i === here.chosen);
      button.onclick = () => { here.chosen = i; drawZoo(); ask({ recipe: trama.recipe(garment), tapped: true }); };
    });
  }
  function drawClasses() {
    const labels = setup.classes.map((_, label) => label).filter(label => KINDS.includes(setup.classes[label].en));
    classes.replaceChildren(...labels.map(label => {
      const button = trama.make('button', trama.className(label), 'b');
      button.setAttribute('aria-pressed', label === here.label);
      button.onclick = () => { here.label = label; drawClasses(); $$('[aria-pressed=true]', classes)[0].focus(); askMade({ label, seed: trama.randomSeed() }); };
      return button;
    }));
  }
  function drawMade() {
    trama.cloths(made, here.made.map(dyed), 'li', i => trama.word('picture_alt', { name: trama.nameOf(here.made[i]) }));
  }
  function drawUses() {
    trama.cloths($('use-images', root), garments().slice(0, 4).map(garment => trama.picture(garment)), 'span');
    const labelled = [...here.made.slice(0, 2), ...here.zoo].slice(0, LABELLED), data = $('use-data', root);
    trama.cloths(data, labelled.map(garment => ({ ...trama.picture(garment), ramp: setup.dyes.ink })), 'span');
    labelled.forEach((garment, i) => {
      const note = $$('small', data.children[i])[0] ?? data.children[i].appendChild(trama.make('small'));
      note.textContent = trama.className(garment.label).toLowerCase();
    });
    trama.cloths($('use-filling', root), [trama.picture(trama.garment)], 'span');
  }
  const uses = $$('[data-use]', root);
  for (const b of uses) b.setAttribute('aria-pressed', 'false');
  for (const b of uses) b.onclick = () => {
    trama.picked(uses, b);
    b.dataset.use === 'data' ? solved('uses', () => trama.word('learn_uses_yes')) : solved('uses', () => trama.word('learn_uses_no'), false);
  };
  const draw = () => { drawBars(); drawZoo(); drawClasses(); drawMade(); drawUses(); };
  const follow = () => { drawZoo(); drawUses(); if (!here.chosen) ask({ recipe: trama.recipe(trama.garment) }); };
  return {
    draw, follow,
    open(answer) {
      here.zoo = trama.take(answer.zoo);
      here.made = trama.take(answer.made);
      here.label = here.made[0].label;
      draw();
      follow();
    },
  };
};
})();
