/* What a recipe tells of the blend that made it: garments for the corners, and the place between them.
   A recipe is a flat sum of seed-born garments. Where there are two to four of them, they are the corners,
   and their weights are the place. It says neither whose an edit was nor that a corner was a blend
   itself: a link to one of those opens in the wardrobe. Nor does it say in which corner a garment
   stood: two are A and B. */
(() => {
const CORNERS = 4, NEAR = 2e-3, mean = ({ shape, pattern }) => (shape + pattern) / 2;

/* Dyes of the parts: each part wears one, if their weights sum to the shares of the mixture that way, which
   names them in the order of the parts; the first such way, where parts weigh the same. Else all wear
   the mixture, of which the same garment is made. */
function dyesOf(parts, dyed) {
  const dyes = dyed.split(',').map(dye => dye.split(':')).map(([name, share = 1]) => [name, Number(share)]);
  const worn = parts.map(() => 0), fits = () => dyes.every(([, share], i) => worn.indexOf(i) > (i ? worn.indexOf(i - 1) : -1) &&
    Math.abs(parts.reduce((sum, part, k) => sum + (worn[k] === i ? mean(part) : 0), 0) - share) < NEAR);
  for (let tried = 0; tried < dyes.length ** parts.length; tried++) {
    worn.forEach((_, k) => { worn[k] = Math.floor(tried / dyes.length ** k) % dyes.length; });
    if (fits()) return worn.map(i => dyes[i][0]);
  }
  return parts.map(() => dyed);
}

/* {corners: recipes, shape, pattern, y, free}, as blend.js has its place; null if the recipe cannot tell. */
trama.blendOf = recipe => {
  const [version, model, digest, told, edits, dyed] = recipe.split('~');
  if (version !== 'tr1' || `${model}~${digest}` !== trama.key() || !dyed || edits) return null;
  const parts = told.split(',').map(part => {
    const [label, seed, daring, shape = 1, pattern = shape] = part.split(':');
    return { born: `${label}:${seed}:${daring}`, shape: Number(shape), pattern: Number(pattern) };
  });
  if (parts.length < 2 || parts.length > CORNERS || !parts.every(({ shape, pattern }) => shape >= 0 && pattern >= 0)) return null;
  const dyes = dyesOf(parts, dyed), corners = parts.map(({ born }, i) => `tr1~${model}~${digest}~${born}~~${dyes[i]}`);
  const [shape, pattern] = ['shape', 'pattern'].map(half => Array.from({ length: CORNERS }, (_, i) => parts[i]?.[half] ?? 0));
  const right = ([, b, , d]) => b + d, below = ([, , c, d]) => c + d;
  return { corners, shape: right(shape), pattern: right(pattern), y: (below(shape) + below(pattern)) / 2,
    free: parts.length > 2 ? { shape, pattern } : null };   // four digits of a weight are more than a place keeps
};
/* The screen that a link to a blend opens: this one if its recipe brings back the corners that it is of. */
trama.screenOf = garment => {
  const corners = trama.blendOf(trama.recipe(garment))?.corners, own = garment.parents?.map(trama.bare);
  return corners?.every(recipe => own?.includes(trama.bare(recipe))) ? 'blend' : '';
};
})();
