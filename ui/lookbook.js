/* The lookbook below the line: its sheet is the file at half the size, made when it is seen and has changed. */
trama.lookbook = (root, server, { most_title }) => {
  const { $, $$, line } = trama, WAIT_MS = 250;
  const title = $('book-title', root), sheet = $('sheet', root), picture = $('preview', root), saves = $$('[data-save]', root), again = $('again', root);
  let seen = false, failed = false, timer = null, asked = null, shown = null, own = null;   // own: a title of the visitor's

  line.title = () => own ?? line.usualTitle();
  const request = kind => ({ recipes: line.recipes(), title: line.title(), language: trama.language, kind });
  const key = () => JSON.stringify(request('preview'));

  const askSheet = trama.latest(server.lookbook, (answer, wanted, settled) => {
    if (!settled) return;
    shown = JSON.stringify(wanted);
    picture.src = answer.file;
    picture.hidden = false;
    $('wait', root).hidden = true;
    tellLeftOut(answer.left_out);
    tell();
  }, busy => {
    if (busy) return;
    failed = asked !== shown;
    asked = shown;                                       // what failed may be asked for again
    tell();
  });
  function tellLeftOut(signs) {                          // the sheet does without them, the line keeps its title
    const told = signs.length ? trama.word('lookbook_left_out', { signs: signs.join(' ') }) : '', note = $('left-out', root);
    if (note.textContent !== told) trama.say(note.textContent = told);
  }
  function tell() {                                      // an old sheet is faint until the new one comes
    sheet.setAttribute('aria-busy', shown !== key() && !failed);
    $('wait', root).textContent = failed ? '' : trama.word('lookbook_wait');
    again.hidden = !failed;
    picture.alt = trama.word('lookbook_alt', { title: line.title(), names: line.names().join(', ') });
  }
  function plan() {
    clearTimeout(timer);
    tell();
    if (seen && asked !== key()) timer = setTimeout(ask, WAIT_MS);
  }
  function ask() {
    failed = false;
    askSheet(JSON.parse(asked = key()));
    tell();
  }
  again.onclick = () => { ask(); sheet.focus({ preventScroll: true }); };
  new IntersectionObserver(entries => { seen = entries.at(-1).isIntersecting; plan(); }, { threshold: .25 }).observe(sheet);

  async function save(kind) {
    saves.forEach(b => b.disabled = true);
    const answer = await trama.ask(server.lookbook, request(kind));
    saves.forEach(b => b.disabled = false);
    if (!answer) return;
    const printed = answer.left_out.reduce((title, signs) => title.replaceAll(signs, ''), line.title()).trim();
    trama.hand(answer.file, `lookbook-${printed || line.usualTitle()}.${kind}`);
    trama.say(trama.word('lookbook_saved', { kind: kind.toUpperCase() }));
  }
  for (const b of saves) b.onclick = () => save(b.dataset.save);

  const copy = $('link', root);
  copy.onclick = () => trama.copyText(copy, line.link(), trama.word('line_linked'), trama.word('link_by_hand', { link: line.link() }));
  title.maxLength = most_title;
  title.oninput = () => { own = title.value.replace(/\s+/g, ' ').trim() || null; plan(); };
  title.onchange = () => { title.value = line.title(); };
  trama.on('line', () => {
    if (own === null && document.activeElement !== title) title.value = line.usualTitle();
    copy.hidden = !line.plain();
    for (const b of saves) b.setAttribute('aria-label', trama.word('lookbook_save', { kind: b.dataset.save.toUpperCase() }));
    plan();
  });
};
