/* The collection as a file of recipes or of pictures, and garments from a recipe, a link or a PNG. */
(() => {
const { $ } = trama, FORMAT = 'trama-collection', VERSION = 1, MOST_BYTES = 2_000_000;
const keyOf = entry => entry.line ? entry.line.join() : entry.recipe.slice(0, entry.recipe.lastIndexOf('~'));

/* Entries of a file's text; throws the word that tells what is wrong with it. */
function entriesOf(text) {
  let file;
  try { file = JSON.parse(text); } catch { throw 'import_broken'; }
  if (file?.format !== FORMAT || !Array.isArray(file.entries)) throw 'import_format';
  if (file.version !== VERSION) throw 'import_version';
  if (file.entries.length > trama.store.most) throw 'import_many';
  const entries = file.entries.map(trama.store.read);
  if (entries.includes(null)) throw 'import_entry';
  return entries;
}
async function take(file) {
  const name = file.name.slice(0, 80), most = trama.store.most;
  if (file.size > MOST_BYTES) return trama.tell('file_too_large', { name, most: MOST_BYTES / 1e6 });
  let entries;
  try { entries = entriesOf(await file.text()); } catch (word) {
    return trama.tell(typeof word === 'string' ? word : 'import_broken', { name, most });
  }
  const have = new Set(trama.store.list().map(keyOf)), fresh = [];
  for (const entry of entries) if (!have.has(keyOf(entry))) { have.add(keyOf(entry)); fresh.push(entry); }
  const all = [...fresh, ...trama.store.list()];
  if (all.length > most) return trama.tell('import_full', { name, most });
  if (fresh.length) trama.store.replace(all);
  const said = trama.word(fresh.length === 1 ? 'imported_one' : 'imported', { count: fresh.length, all: entries.length });
  return said;
}
const linkOf = text => { try { return new URL(text); } catch { return null; } };

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
    const said = await take(file);
    $('told', root).textContent = said ?? '';
  });
  zip.onclick = async () => {
    zip.disabled = true;
    zip.setAttribute('aria-busy', true);
    draw();
    const recipes = pictures.slice(0, first.most_pictures).map(trama.recipe);
    const answer = await trama.ask(server.archive, { recipes, language: trama.language });
    zip.setAttribute('aria-busy', false);
    draw();
    if (!answer) return;
    trama.hand(answer.file, `${trama.word('collection')}.zip`);
    trama.say(trama.word('zipped', { count: recipes.length }));
  };
  async function openPasted() {
    const text = paste.value.trim(), link = linkOf(text), recipe = link?.searchParams.get('r') ?? text;
    if (!recipe) return paste.focus();
    if (link?.searchParams.has('line')) return location.assign(`${location.pathname}${link.search}#line`);
    if (await trama.openAndShow(() => trama.openRecipe(recipe))) paste.value = '';
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
