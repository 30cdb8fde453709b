/* What a garment is called, and in a few words how it came to be. */
(() => {
trama.kindOf = garment => garment.classes.filter(([, share], i) => !i || share >= .15).slice(0, 2).map(([label]) => trama.className(label)).join(' × ');
/* A garment from a picture has the letters of its code where others have the number of their seed. */
trama.seedWord = seed => typeof seed === 'string' ? trama.word('from_photo') : `${seed}`;
trama.seedField = seed => typeof seed === 'string' ? '' : seed;
trama.originsOf = garments => {                            // of a blend: “seeds 4252 × 7753”
  const told = garments.map(garment => trama.seedWord(garment.seed)).join(' × ');
  return garments.some(garment => typeof garment.seed === 'string') ? told : trama.word('seeds_of', { seeds: told });
};
trama.originOf = ({ seed }) => typeof seed === 'string' ? trama.word('from_photo') : trama.word('seed_of', { seed });

/* Seeds of a garment's parts, each once, the one that it has most of first: a blend has several. Codes count
   as one: between two of the same picture lies what Your photo shows. */
function seedsOf({ recipe }) {
  const shares = new Map();
  for (const part of recipe.split('~')[3].split(',')) {
    const [, seed, , shape = 1, pattern = shape] = part.split(':'), key = /^\d/.test(seed) ? Number(seed) : 'photo';
    shares.set(key, (shares.get(key) ?? 0) + Number(shape) + Number(pattern));
  }
  return [...shares].sort(([, a], [, b]) => b - a).map(([seed]) => seed);
}
/* A child is called after where its family began, and its number in every generation since: 42.3.5. */
function descentOf({ called }) {
  const [, root, numbers] = /^(.+?)((?:\.\d{1,2})+)$/.exec(called ?? '') ?? [];
  if (!root) return null;
  const path = numbers.slice(1).split('.'), generation = path.length, number = path.pop();
  return { before: [root, ...path].join('.'), told: trama.word(generation > 3 ? 'kin_far' : `kin_${generation}`, { number, generation }) };
}
trama.calledOf = garment => garment.called ?? seedsOf(garment).slice(0, 2).map(trama.seedWord).join(' × ');
trama.nameOf = garment => `${trama.kindOf(garment)} ${trama.calledOf(garment)}`;

trama.adjusted = ({ edits }) => Object.keys(edits).length ? [trama.word('made_adjusted')] : [];
/* What was done: blended, filled in, adjusted. A child that was kept before they had numbers is known by its one parent. */
function doneTo(garment, seeds, descent) {
  const adjusted = trama.adjusted(garment), done = [];
  if (descent) done.push(descent.told);
  else if (garment.completed) done.push(trama.word('made_completed'));
  else if (seeds.length > 1) done.push(trama.word(garment.parents?.length === 1 && !adjusted.length ? 'made_child' : 'made_blend'));
  else if (garment.parents?.length > 1) done.push(trama.word('made_blend'));
  else if (garment.classes.length > 1 && seeds[0] !== 'photo') done.push(trama.word('made_classes'));
  return [...done, ...adjusted];
}
trama.madeOf = garment => doneTo(garment, seedsOf(garment), descentOf(garment));
/* “seeds 42 × 77 · blend · adjusted”; `short` leaves out the word for seed. What was filled in has no seed to tell. */
trama.storyOf = (garment, short) => {
  const descent = descentOf(garment), seeds = seedsOf(garment), done = doneTo(garment, seeds, descent);
  if (garment.completed && !descent) return done.join(' · ');
  const born = seeds.slice(0, 2).map(seed => ({ seed }));
  const told = descent ? descent.before : short ? trama.calledOf(garment) : born.length > 1 ? trama.originsOf(born) : trama.originOf(garment);
  return [told, ...done].join(' · ');
};
})();
