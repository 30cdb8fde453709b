/* Family tree of a kept garment: what it was made of above it, what was made of it below. */
(() => {
const { $, $$, bare } = trama, SVG = 'http://www.w3.org/2000/svg';

/* `open` fetches garments by their recipes, `readable` is one of them, `changed` draws the screen anew. */
trama.keptTree = (root, { open, readable, wear, showRecipe, remove, changed }) => {
  const stage = $('stage', root), tree = $('tree', root), svg = $$('svg', tree)[0];
  const asked = new Set();                               // whose parents that are not kept were asked for
  let chosen = null, drawn = '';

  const entryOf = trama.store.find;
  const parents = recipe => entryOf(recipe)?.parents ?? [];
  const children = recipe => trama.store.list().filter(entry => entry.recipe && entry.parents?.some(other => bare(other) === bare(recipe))).map(entry => entry.recipe);

  function member(recipe, own) {
    const button = document.createElement('button'), canvas = document.createElement('canvas'), garment = readable(recipe);
    canvas.className = 'cloth';
    button.className = 'tile';
    button.append(canvas);
    const name = garment ? trama.nameOf(garment) : trama.word('piece');
    button.setAttribute('aria-label', trama.word(own ? 'picture_alt' : 'family_of', { name }));
    button.setAttribute('aria-pressed', own);
    button.classList.toggle('stranger', !entryOf(recipe));
    button.disabled = !garment;
    button.onclick = () => {
      if (own) return wear({ ...garment, parents: parents(recipe) });
      choose(recipe);
      $$('[aria-pressed=true]', tree)[0]?.focus({ preventScroll: true });
    };
    if (garment) trama.show(canvas, trama.picture(garment));
    return button;
  }
  function generation(key, recipes, own) {
    const row = document.createElement('div'), said = document.createElement('small'), list = document.createElement('div');
    row.className = 'kinrow';
    said.textContent = trama.word(key);
    list.className = 'members';
    list.append(...recipes.map(recipe => member(recipe, own)));
    row.append(said, list);
    return row;
  }
  function thread() {                                    // a line from each parent, and to each child
    const box = tree.getBoundingClientRect(), own = $$('[aria-pressed=true]', tree)[0]?.getBoundingClientRect();
    svg.replaceChildren();
    if (!own || !box.width) return;
    const middle = side => side.left + side.width / 2 - box.left;
    for (const button of $$('[aria-pressed=false]', tree)) {
      const other = button.getBoundingClientRect(), [upper, lower] = other.top < own.top ? [other, own] : [own, other];
      const [x, y, u, v] = [middle(upper), upper.bottom - box.top, middle(lower), lower.top - box.top], half = (y + v) / 2;
      const path = document.createElementNS(SVG, 'path');
      path.setAttribute('d', `M${x} ${y}C${x} ${half} ${u} ${half} ${u} ${v}`);
      svg.append(path);
    }
  }
  async function draw() {
    const kept = trama.store.list().filter(entry => entry.recipe && readable(entry.recipe));
    if (!chosen || !readable(chosen)) chosen = kept[0]?.recipe ?? null;
    stage.hidden = !chosen;
    if (!chosen) { drawn = ''; return; }
    const garment = readable(chosen), entry = entryOf(chosen), above = parents(chosen), below = children(chosen);
    $('name', root).textContent = trama.nameOf(garment);
    $('born', root).textContent = [...trama.madeOf({ ...garment, parents: above }), entry ? trama.word('kept_on', { date: trama.date(entry.born) }) : trama.word('not_kept')].join(' · ');
    $('alone', root).textContent = above.length || below.length ? '' : trama.word('no_family');
    $('wear', root).onclick = () => wear({ ...garment, parents: above });
    trama.heart($('heart', root), { ...garment, parents: above });
    if (entry) $('heart', root).onclick = () => remove(entry);
    showRecipe(garment);
    const state = JSON.stringify([trama.language, trama.recipe(garment), above, below, !!entry, [...above, ...below].map(recipe => !!readable(recipe) && !!entryOf(recipe))]);
    if (state !== drawn) {
      drawn = state;
      const rows = [above.length && generation('tree_parents', above, false), generation('tree_own', [chosen], true), below.length && generation('tree_children', below, false)];
      tree.replaceChildren(svg, ...rows.filter(Boolean));
      thread();
    }
    if (above.some(recipe => readable(recipe) === null) && !asked.has(chosen)) {
      asked.add(chosen);
      if (await open(above)) { drawn = ''; draw(); }
    }
  }
  function choose(recipe) { chosen = recipe; changed(); }
  new ResizeObserver(thread).observe(tree);
  return { draw, choose, shows: recipe => !!chosen && bare(recipe) === bare(chosen) };
};
})();
