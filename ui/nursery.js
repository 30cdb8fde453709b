/* Children of a garment in place of the wardrobe's rail; children may have children of their own. */
(() => {
const { $, $$ } = trama, USUAL = .45;

/* `changed` is called when other garments are to be shown: the youngest family's, or the rail's own. */
trama.nursery = (root, changed) => {
  const panel = $('nursery', root), difference = $('difference', root), parent = $('parent', root);
  const families = [];                                   // {parent, difference, seed, children}, the youngest last
  const family = () => families.at(-1);

  const ask = trama.latest(trama.server.make_children, (answer, asked, settled) => {
    const born = families.find(other => other.asked === asked);
    if (!born) return;                                   // somebody went back before they came
    born.children = trama.take(answer).map((child, i) => ({
      ...child, parents: [trama.recipe(born.parent)], family: { parent: born.parent, number: i + 1 },
      called: `${trama.calledOf(born.parent)}.${i + 1}`,
    }));
    changed();
    if (settled) trama.say(trama.word('children_done', { count: born.children.length, name: trama.nameOf(born.parent) }));
  }, busy => {
    $('rail', root).setAttribute('aria-busy', busy);
    if (!busy && family() && !family().children.length) back();   // they did not come: the rail is not of this family
  });
  const request = born => ask(born.asked = { recipe: trama.recipe(born.parent), difference: born.difference, seed: born.seed });

  function draw() {
    const born = family();
    panel.hidden = !born;
    for (const part of ['chips', 'bar']) $(part, root).classList.toggle('away', !!born);
    if (!born) return;
    const name = trama.nameOf(born.parent), share = trama.word('percent', { value: Math.round(born.difference * 100) });
    $('family', root).textContent = trama.word('children_of', { name });
    parent.setAttribute('aria-label', trama.word('open_parent', { name }));
    parent.setAttribute('aria-pressed', trama.same(born.parent, trama.garment));
    trama.show($$('canvas', parent)[0], trama.picture(born.parent));
    difference.value = born.difference;
    difference.setAttribute('aria-valuetext', share);
    $('difference-value', root).textContent = share;
    trama.fill(difference);
  }

  const raise = parent => {
    history.replaceState({ families: families.length }, '');
    history.pushState({ families: families.length + 1 }, '');   // so that the browser's Back leaves a family, too
    families.push({ parent, difference: family()?.difference ?? USUAL, seed: trama.randomSeed(), children: [] });
    changed();
    $('family', root).focus({ preventScroll: true });
    trama.bring(panel);
    request(family());
  };
  $('children', root).onclick = () => raise(trama.garment);
  trama.on('children', raise);                           // of a garment that another screen has made
  $('siblings', root).onclick = () => { family().seed = trama.randomSeed(); request(family()); };
  difference.oninput = () => { family().difference = Number(difference.value); draw(); request(family()); };
  parent.onclick = () => { trama.choose(family().parent); trama.reveal($('big', root).closest('.stage')); };
  const leave = count => {                               // back to where there were so many families
    if (count >= families.length) return;
    trama.choose(families.splice(count)[0].parent);
    $$('[tabindex="0"]', $('rail', root))[0]?.focus({ preventScroll: true });
  };
  const back = () => history.state?.families === families.length ? history.back() : leave(families.length - 1);
  $('back', root).onclick = back;
  addEventListener('popstate', ({ state }) => leave(state?.families ?? families.length));   // only the wardrobe's entries know of families
  return { draw, children: () => family()?.children };
};
})();
