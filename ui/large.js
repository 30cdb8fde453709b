/* A garment as large as the window lets it be, at a whole number of screen pixels for each of its own. */
(() => {
const { $, $$, setup } = trama;

trama.largeView = root => {
  const dialog = $('large', root), sheet = $('large-sheet', root), canvas = $('large-cloth', root), film = $('large-film', root);
  const dyes = $('large-dyes', root), turns = { '-1': $('large-previous', root), 1: $('large-next', root) };
  const showRecipe = trama.recipeField($('large-recipe', root));
  let list = [];                                         // what the arrows go through

  function fit() {                                       // the size in CSS pixels that is whole in the screen's
    const room = Math.min(sheet.clientWidth, sheet.clientHeight) * devicePixelRatio;
    const scale = Math.max(1, Math.floor(room / setup.size));
    canvas.style.width = `${scale * setup.size / devicePixelRatio}px`;
    $('large-scale', root).textContent = trama.word('scale', { size: setup.size, scale });
  }
  function draw() {
    if (!dialog.open) return;
    const garment = trama.garment, at = list.findIndex(other => trama.same(other, garment));
    fit();
    $('large-name', root).textContent = trama.nameOf(garment);
    canvas.setAttribute('aria-label', trama.word('picture_alt', { name: trama.nameOf(garment) }));
    trama.show(canvas, trama.picture(garment, trama.view));
    trama.pressDyes(dyes, garment);
    showRecipe(garment);
    trama.heart($('large-heart', root), garment);
    film.hidden = !setup.screens.includes('replay');
    // aria-disabled, so that a button that comes to the end keeps the focus
    for (const [step, button] of Object.entries(turns)) button.setAttribute('aria-disabled', !list[at + Number(step)] || at < 0);
  }
  function turn(step) {
    const at = list.findIndex(other => trama.same(other, trama.garment)), next = at < 0 ? null : list[at + step];
    if (!next) return;
    trama.choose(next);
    trama.say(trama.nameOf(next));
  }

  trama.enlarge = garments => {                          // the garment in hand, among its neighbours
    list = garments;
    trama.modal(dialog);
    draw();
  };
  for (const [step, button] of Object.entries(turns)) button.onclick = () => turn(Number(step));
  $('large-close', root).onclick = () => dialog.close();
  film.addEventListener('click', () => dialog.close());  // the film is of the garment in hand
  for (const event of ['garment', 'dye', 'view', 'collection']) trama.on(event, draw);
  new ResizeObserver(() => { if (dialog.open) fit(); }).observe(sheet);
  trama.mount(dialog, () => {
    trama.dyeButtons(dyes, () => trama.garment);
    for (const b of $$('[data-view=pixels]', dialog)) b.title = trama.word('pixels_tip', { size: setup.size });
    draw();
  });
};
})();
