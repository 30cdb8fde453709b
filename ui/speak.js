/* Which model the page speaks of: its own, or that of the address, `?model=name~digest`.
   Another one is another address: the page loads anew, so that nothing of the one before stays behind. */
(() => {
const { setup } = trama, keyOf = model => `${model.name}~${model.digest}`;
trama.own = keyOf(setup.model);
trama.key = () => keyOf(setup.model);
trama.reason = ({ reason, error }) => {
  const told = trama.word(`reason_${reason}`);
  return told === `reason_${reason}` ? error ?? trama.word('reason_unreachable') : told;
};

/* Calls of the server that say whose page they come from. */
trama.asking = server => new Proxy(server, {
  get: (calls, name) => typeof calls[name] !== 'function' ? calls[name]
    : request => calls[name](trama.key() === trama.own ? request : { of: trama.key(), ...request }),
});

let missing = null;
trama.speakOf = async (root, server) => {
  const query = new URLSearchParams(location.search), wanted = query.get('model');
  if (!wanted || wanted === trama.own || wanted.length > 250) return;
  const notice = trama.$('notice', root);
  notice.textContent = trama.word('fetching', { id: wanted.split('~')[0] });
  notice.hidden = false;
  let answer = null;
  try { answer = await server.setup({ model: wanted }); } catch { /* told below */ }
  if (answer?.setup) {
    Object.assign(setup, answer.setup);
    trama.firsts = answer.firsts;
  } else if (!query.has('line') && !query.has('r')) missing = { id: wanted.split('~')[0], ...answer };  // else they tell of it
};
trama.tellMissing = () => {
  if (missing) trama.tell('model_missing', () => ({ id: missing.id, reason: trama.reason(missing) }));
};

trama.queryText = query => query.toString().replaceAll('%7E', '~').replaceAll('%2F', '/');
/* Show the page of a model; with a recipe, that garment of it. */
trama.useModel = (key, screen, recipe) => {
  const query = new URLSearchParams();
  if (key !== trama.own) query.set('model', key);
  if (recipe) query.set('r', recipe);
  const text = trama.queryText(query);
  const address = `${location.pathname}${text && `?${text}`}#${screen}`;
  const same = location.pathname + location.search === address.split('#')[0];
  location.assign(address);
  if (same) location.reload();
};
})();
