/* A row for each direction: its parts, and what they are called. */
(() => {
const { $$ } = trama;

trama.sliderRow = (template, control, number) => {
  const root = template.content.firstElementChild.cloneNode(true), find = selector => $$(selector, root)[0];
  const row = { ...control, root, range: find('input'), switches: $$('.sw', root), output: find('output'),
    reset: find('[data-do=reset]'), lock: find('.lock'), forget: find('[data-do=forget]') };
  row.ends = { low: row.low, zero: 0, high: row.high };
  root.style.setProperty('--zero', -row.low / (row.high - row.low));
  Object.assign(row.range, { min: row.low, max: row.high, id: `edit-${number}` });
  row.output.htmlFor = row.range.id;
  if (row.forget) row.forget.hidden = !row.id;
  return row;
};

trama.nameOfRow = row => {
  if (row.called) return row.called;                     // by a visitor: shown as text, never as markup
  if (row.unnamed) return trama.word('component', { number: row.name.match(/\d+$/)?.[0] ?? row.name });
  const key = `direction_${row.name}`, word = trama.word(key);
  return word === key ? row.name : word;
};

const known = (key, otherwise) => trama.word(key) === key ? otherwise : trama.word(key);

trama.nameRow = row => {
  const name = trama.nameOfRow(row), heading = $$('.attribute', row.root)[0], told = $$('.vh', row.root)[0];
  const tell = (button, key) => { button.title = trama.word(key, { name }); button.setAttribute('aria-label', button.title); };
  heading.textContent = name;
  row.range.setAttribute('aria-label', name);
  for (const b of row.switches) b.setAttribute('aria-label', trama.word(`end_${b.dataset.end}`, { name }));
  tell(row.reset, 'reset_one');
  if (row.id) tell(row.forget, 'own_forget');
  if (row.unnamed) heading.title = trama.word('component_tip');
  if (!row.lock) return;
  row.lock.setAttribute('aria-label', trama.word('lock_one', { name }));
  told.id = `${row.range.id}-effect`;
  row.range.setAttribute('aria-describedby', told.id);
  heading.title = row.range.title = told.textContent = trama.word('effect', { effect: trama.number(row.effect, 1, 'exceptZero'),
    unit: known(`unit_${row.unit}`, row.unit), correlation: trama.number(row.correlation, 2), kept: Math.round(row.class_kept * 100) });
};
})();
