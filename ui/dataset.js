/* Labelled garments for other models: a file from here, or many more with a command. */
(() => {
const { $, $$ } = trama;

trama.dataset = (root, server, first) => {
  const count = $('count', root), seed = $('data-seed', root), daring = $('data-daring', root), picks = $('picks', root), make = $('make', root);
  const here = { count: 1000, seed: 0, daring: 1, left: new Set(), busy: false };
  const { setup } = trama, labels = () => setup.classes.map((_, label) => label).filter(label => !here.left.has(label));

  function readCount() {
    const typed = /^\s*\d+\s*$/.test(count.value) ? Number(count.value) : NaN;
    const good = typed >= first.fewest && typed <= first.most;
    if (good) here.count = typed;
    count.value = here.count;
    trama.wrong(count, good ? '' : trama.word('data_count_wrong', { fewest: trama.count(first.fewest), most: trama.count(first.most), count: trama.count(here.count) }));
  }
  // A Hub id, or a folder beside the page.
  const source = () => setup.model.name.includes('/') ? setup.model.name : `weights/${setup.model.name}`;
  const command = () => ['python -m training.export', source(),
    ...here.left.size ? [`--labels ${labels()}`] : [], `--count ${first.more} --daring ${here.daring} --seed ${here.seed} --out trama-data`].join(' ');
  function draw() {
    $('data-daring-value', root).textContent = trama.number(here.daring, 2);
    trama.fill(daring);
    for (const b of picks.children) b.setAttribute('aria-pressed', !here.left.has(Number(b.dataset.label)));
    $('make-text', root).textContent = trama.word(here.busy ? 'data_busy' : 'data_make', { count: trama.count(here.count) });
    make.disabled = here.busy;
    $('command', root).textContent = command();
  }
  function words() {
    const proof = setup.model.digest === first.digest && first.proof, percent = share => trama.number(share * 100, 1);
    $('proof', root).textContent = proof
      ? trama.word('data_proof', { samples: trama.count(proof.samples), value: percent(proof.value), real: percent(proof.real), date: trama.date(proof.date) })
      : trama.word('data_unproved');
    $('more', root).textContent = trama.word('data_more', { most: trama.count(first.most) });
    picks.replaceChildren(...setup.classes.map((_, label) => {
      const button = document.createElement('button');
      button.className = 'b';
      button.textContent = trama.className(label);
      button.dataset.label = label;
      button.onclick = () => {
        here.left.has(label) ? here.left.delete(label) : here.left.add(label);
        if (!labels().length) { here.left.delete(label); trama.say(trama.word('data_one_class')); }
        draw();
      };
      return button;
    }));
    draw();
  }
  make.onclick = async () => {
    here.busy = true;
    draw();
    const answer = await trama.ask(server.dataset, { count: here.count, labels: labels(), daring: here.daring, seed: here.seed });
    here.busy = false;
    draw();
    if (!answer) return;
    trama.hand(answer.file, `${setup.model.name.split('/').pop()}-${here.count}.zip`);
    trama.say(trama.word('data_done', { count: trama.count(here.count) }));
  };
  count.onchange = () => { readCount(); draw(); };
  seed.onchange = () => { here.seed = trama.readSeed(seed, here.seed, setup.max_seed - first.most + 1); draw(); };
  daring.oninput = () => { here.daring = Number(daring.value); draw(); };
  $('copy-command', root).onclick = () => trama.copyText($('copy-command', root), command(), trama.word('command_copied'), trama.word('command_by_hand', { command: command() }));
  $('data-daring-row', root).hidden = !setup.daring;
  if (setup.daring) daring.max = setup.daring.most;
  $$('.picks', root)[0].hidden = setup.classes.length < 2;
  count.value = here.count;
  seed.value = here.seed;
  daring.value = here.daring;
  trama.on('language', words);
  words();
};
})();
