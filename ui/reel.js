/* The path below the pad: nine frames on the way, and the film of it. */
(() => {
const { $, $$ } = trama;
const WAYS = {
  line: Array.from({ length: 9 }, (_, i) => [i / 8, 0]),
  loop: [[0, 0], [.5, 0], [1, 0], [1, .5], [1, 1], [.5, 1], [0, 1], [0, .5], [0, 0]],
};
const ENDS = { '0,0': 'A', '1,0': 'B', '0,1': 'C', '1,1': 'D' };

/* `picture(x, y)` and `text(x, y)` tell of a place on the pad; `go(x, y)` moves there. */
trama.reel = (root, ask, { picture, text, go, recipes, name }) => {
  const list = $('film', root), buttons = $$('[data-film]', root), ways = $$('[data-way]', root);
  let way = 'line', busy = false;

  for (let i = 0; i < WAYS.line.length; i++) {
    const item = document.createElement('li'), button = document.createElement('button'), canvas = document.createElement('canvas'), letter = document.createElement('b');
    button.className = 'tile';
    canvas.className = 'cloth';
    button.append(canvas, letter);
    button.onclick = () => go(...WAYS[way][i]);
    item.append(button);
    list.append(item);
  }
  function mark(x, y) {                                  // the frame that the place is nearest to
    const near = WAYS[way].map(([u, v]) => Math.hypot(u - x, v - y)), least = Math.min(...near);
    const now = least <= (way === 'line' ? 1 / 16 : 1 / 4) ? near.indexOf(least) : -1;
    [...list.children].forEach((item, i) => {
      const pressed = String(i === now), [button] = item.children;
      if (button.getAttribute('aria-pressed') === pressed) return;
      button.setAttribute('aria-pressed', pressed);
      if (i === now) trama.rove(list);
      if (i === now && list.scrollWidth > list.clientWidth) list.scrollLeft = item.offsetLeft - list.offsetLeft - list.clientWidth / 2 + item.offsetWidth / 2;
    });
  }
  function draw() {
    $('path-title', root).textContent = trama.word(way === 'line' ? 'path_line' : 'path_loop');
    trama.press(ways, b => b.dataset.way === way);
    [...list.children].forEach((item, i) => {
      const place = WAYS[way][i], [button] = item.children, [canvas, letter] = button.children;
      letter.textContent = ENDS[place] ?? '';
      button.setAttribute('aria-label', trama.word('path_step', { number: i + 1, count: WAYS[way].length, shares: text(...place) }));
      trama.show(canvas, picture(...place));
    });
    trama.rove(list);
  }
  async function make(button) {
    if (busy) return;
    const kind = button.dataset.film;
    const working = now => {
      busy = now;
      button.setAttribute('aria-busy', now);
      for (const b of buttons) b.setAttribute('aria-disabled', now);
    };
    working(true);
    trama.say(trama.word('film_busy', { kind: kind.toUpperCase() }));
    const answer = await trama.ask(ask, { recipes: recipes(way), kind, way });
    working(false);
    if (!answer) return;
    const bytes = Uint8Array.from(atob(answer.film), c => c.charCodeAt(0)), address = URL.createObjectURL(new Blob([bytes], { type: answer.type }));
    trama.hand(address, `${name(way)}.${kind}`);
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    trama.say(trama.word('film_done', { kind: kind.toUpperCase() }));
  }
  for (const b of buttons) b.onclick = () => make(b);
  for (const b of ways) b.onclick = () => { way = b.dataset.way; draw(); };
  return { draw, mark };
};
})();
