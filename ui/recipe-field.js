/* A garment's recipe as a dashed field with a button that copies it. */
(() => {
/* Fills an element; gives the function that shows a garment's recipe in it. */
trama.recipeField = root => {
  root.className = 'recipe';
  root.innerHTML = '<span data-t="recipe_caption"></span><code tabindex="0"></code><button class="ic" data-say="copy_recipe" data-tip="copy_recipe"><svg class="i" aria-hidden="true"><use href="#i-copy"/></svg></button>';
  const [, code, button] = root.children;
  button.onclick = () => {
    const recipe = code.textContent;
    trama.copyText(button, recipe, trama.word('recipe_copied'), trama.word('recipe_by_hand', { recipe }));
  };
  return garment => { code.textContent = trama.recipe(garment); };
};
})();
