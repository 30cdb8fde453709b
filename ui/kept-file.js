/* The collection as a file of recipes or of pictures, and garments from a recipe, a link or a PNG. */
(() => {
const { $ } = trama, FORMAT = 'trama-collection', VERSION = 1, MOST_BYTES = 2_000_000;
const keyOf = entry => entry.line ? entry.line.join() : trama.bare(entry.recipe);

/* Entries of a file's text; throws the word that tells what is wrong with it. */
function entriesOf(text) {
  let file;
  try { file = JSON.parse(text); } catch { throw 'import_broken'; }
  if (file?.format !== FORMAT || !Array.isArray(file.entries)) throw 'import_format';
  if (file.version !== VERSION) throw 'import_version';
  if (file.entries.length > trama.store.most) throw 'import_many';
  return file.entries;
}
/* The sound ones of a file's entries, and why each of the others is none; null if nobody could be asked.
   A garment of a model that is not here is as good as any: it may be here another day. */
async function sift(given, server, most_checked) {
  const entries = given.map(trama.store.read), recipesOf = entry => [...entry.line ?? [entry.recipe], ...entry.parents ?? []];
  const all = [...new Set(entries.filter(Boolean).flatMap(recipesOf))], wrong = new Map();
  for (let at = 0; at < all.length; at += most_checked) {
    const asked = all.slice(at, at + most_checked), answer = await trama.ask(server.check_recipes, { recipes: asked });
    if (!answer) return null;
    for (const { place, reason } of answer.refused) wrong.set(asked[place], reason);
  }
  const faultOf = entry => entry ? recipesOf(entry).map(recipe => wrong.get(recipe)).find(Boolean) : 'entry';
  const faults = entries.map(faultOf);
  return { entries: entries.filter((_, i) => !faults[i]), faults: faults.filter(Boolean) };
}
function leftOut(faults) {
  const why = [...new Set(faults)].map(fault => [`left_${fault}`, faults.filter(other => other === fault).length])
    .map(([key, count]) => trama.word('left_why', { count, why: trama.word(trama.word(key) === key ? 'left_malformed' : key) }));
  return trama.word(faults.length === 1 ? 'left_out_one' : 'left_out', { count: faults.length, why: why.join(', ') });
}
async function take(file, server, most_checked) {
  const name = file.name.slice(0, 80), most = trama.store.most;
  if (file.size > MOST_BYTES) return trama.tell('file_too_large', { name, most: MOST_BYTES / 1e6 });
  let given;
  try { given = entriesOf(await file.text()); } catch (word) {
    return trama.tell(typeof word === 'string' ? word : 'import_broken', { name, most });
  }
  const sifted = await sift(given, server, most_checked);
  if (!sifted) return;
  const { entries, faults } = sifted;
  const have = new Set(trama.store.list().map(keyOf)), fresh = [];
  for (const entry of entries) if (!have.has(keyOf(entry))) { have.add(keyOf(entry)); fresh.push(entry); }
  const all = [...fresh, ...trama.store.list()];
  if (all.length > most) return trama.tell('import_full', { name, most });
  if (fresh.length) trama.store.replace(all);
  const said = trama.word(fresh.length === 1 ? 'imported_one' : 'imported', { count: fresh.length, all: given.length });
  return faults.length ? `${said} ${leftOut(faults)}` : said;
}
const linkOf = text => { try { return /^https?:/.test(text) ? new URL(text) : null; } catch { return null; } };

trama.keptFile = (root, server, first) => {
  let pictures = [];
  const zip = $('zip', root), undone = $('undone', root), paste = $('paste', root);
  const chooser = (button, input, take) => {
    $(button, root).onclick = () => $(input, root).click();
    $(input, root).onchange = async event => {
      const [file] = event.target.files;
      if (file) await take(file);
      event.target.value = '';                           // so that the same file may be chosen again
    };
  };
  $('export', root).onclick = () => {
    const file = { format: FORMAT, version: VERSION, entries: trama.store.list() };
    const address = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: 'application/json' }));
    trama.hand(address, `${trama.word('collection')}.json`);
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    trama.say(trama.word('exported', { count: file.entries.length }));
  };
  chooser('import', 'import-file', async file => {
    trama.calm();
    const said = await take(file, server, first.most_checked);
    $('told', root).textContent = said ?? '';
  });
  zip.onclick = async () => {
    zip.disabled = true;
    zip.setAttribute('aria-busy', true);
    draw();
    const zipped = pictures.slice(0, first.most_pictures), recipes = zipped.map(trama.recipe), names = zipped.map(garment => trama.nameOf(garment).slice(0, 100));
    const answer = await trama.ask(server.archive, { recipes, names, language: trama.language });
    zip.setAttribute('aria-busy', false);
    draw();
    if (!answer) return;
    trama.hand(answer.file, `${trama.word('collection')}.zip`);
    trama.say(trama.word('zipped', { count: recipes.length }));
  };
  function refuse(told) {                                // what was pasted stays, to be mended
    trama.wrong(paste, told);
    paste.focus();
  }
  async function openPasted() {
    const text = paste.value.trim(), link = linkOf(text), recipe = link?.searchParams.get('r') ?? text;
    if (!text) return refuse(trama.word('paste_empty'));
    if (link?.searchParams.has('line')) return location.assign(`${location.pathname}${link.search}#line`);
    if (!/^tr\d+~/.test(recipe)) return refuse(trama.word(link ? 'paste_no_link' : 'paste_no_recipe'));
    trama.wrong(paste, '');
    const open = () => trama.openRecipe(recipe, answer => refuse(answer.reason === 'malformed' ? trama.word('paste_malformed') : trama.refusalOf(answer)));
    if (await trama.openAndShow(open)) paste.value = '';
  }
  $('paste-open', root).onclick = openPasted;
  paste.onkeydown = event => { if (event.key === 'Enter') openPasted(); };
  chooser('png', 'png-file', file => trama.openAndShow(() => trama.openFile(file)));
  function draw() {
    const busy = zip.getAttribute('aria-busy') === 'true', all = trama.store.list().length;
    $('zip-text', root).textContent = trama.word(busy ? 'zip_busy' : 'zip_file');
    zip.disabled = busy || !pictures.length;
    $('export', root).disabled = !all;
  }
  return { draw(garments) { pictures = garments; draw(); } };
};
})();
