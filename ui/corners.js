/* The garments in the corners of the pad: which they are, and the dialog that changes one. */
(() => {
const { $, $$ } = trama;

trama.outside = dialog => {                              // a press beside a dialog closes it
  dialog.addEventListener('pointerdown', event => {
    const box = dialog.getBoundingClientRect(), { clientX: x, clientY: y } = event;
    if (event.target === dialog && (x < box.left || x > box.right || y < box.top || y > box.bottom)) dialog.close();
  });
};

/* `stage` gives the garment on the stage to a function, once it is there. */
trama.corners = (root, stage) => {
  const dialog = $('corner', root), canvas = $('corner-cloth', root), choice = $('corner-class', root), seed = $('corner-seed', root);
  const dyes = $('corner-dyes', root), hand = $('corner-hand', root), staged = $('corner-stage', root);
  const { pair } = trama;
  const asked = {};                                      // by corner: the garment there, and the latest that was asked for in its place
  let letter = 'a', shown = null;

  const change = async values => {
    const to = letter, from = pair[to], { label, seed, daring } = asked[to]?.from === from ? asked[to].request : from;
    const mine = asked[to] = { from, request: { label, seed, daring, ...values } };
    const answer = await trama.ask(trama.server.garment, mine.request);
    if (asked[to] !== mine) return;                      // changed again before this came
    delete asked[to];
    if (!answer || pair[to] !== from) return;
    const [garment] = trama.take(answer);
    trama.put(to, garment);
    trama.say(trama.word('corner_now', { letter: to.toUpperCase(), name: trama.nameOf(garment) }));
  };
  const put = garment => {
    dialog.close();
    trama.put(letter, garment);
    trama.say(trama.word('corner_now', { letter: letter.toUpperCase(), name: trama.nameOf(garment) }));
  };

  function drawDialog() {
    const garment = pair[letter], name = trama.nameOf(garment);
    $('corner-letter', root).textContent = trama.word('corner', { letter: letter.toUpperCase() });
    $('corner-name', root).textContent = name;
    canvas.setAttribute('aria-label', trama.word('picture_alt', { name }));
    trama.show(canvas, trama.picture(garment));
    if (shown !== garment) { choice.value = garment.label; seed.value = trama.seedField(garment.seed); }   // somebody may be typing
    shown = garment;
    trama.pressDyes(dyes, garment);
    hand.hidden = !trama.garment || trama.same(trama.garment, garment);
    hand.textContent = trama.garment ? trama.word('take_hand', { name: trama.nameOf(trama.garment) }) : '';
    staged.textContent = trama.word('take_stage');
  }
  function draw() {
    for (const button of $$('[data-corner]', root)) {
      const garment = pair[button.dataset.corner], canvas = $$('canvas', button)[0];
      button.title = trama.word('change_corner', { letter: button.dataset.corner.toUpperCase(), name: trama.nameOf(garment) });
      button.setAttribute('aria-label', button.title);
      if (canvas) trama.show(canvas, trama.picture(garment));
    }
    if (dialog.open) drawDialog();
  }

  for (const button of $$('[data-corner]', root)) button.onclick = () => {
    letter = button.dataset.corner;
    shown = null;
    trama.modal(dialog);
    drawDialog();
  };
  choice.onchange = () => change({ label: Number(choice.value) });
  seed.onchange = () => change({ seed: trama.readSeed(seed, pair[letter].seed) });
  $('corner-dice', root).onclick = () => change({ seed: trama.randomSeed() });
  hand.onclick = () => put(trama.garment);
  staged.onclick = () => stage(put);
  $('corner-close', root).onclick = () => dialog.close();
  trama.outside(dialog);
  return {
    draw,
    mount() {
      choice.hidden = trama.setup.classes.length < 2;
      choice.replaceChildren(...trama.setup.classes.map((_, label) => new Option(trama.className(label), label)));
      trama.dyeButtons(dyes, () => pair[letter]);
      draw();
    },
  };
};
})();
