/* A box on a photo that fingers, mouse and keys move: a rectangle turned about its middle.
   A box is {box: [left, top, right, bottom] in shares of the photo, tilt: degrees by which the photo is turned}. */
(() => {
const { $, $$ } = trama, LEAST = .08, STEP = .02, REACH = 14, SIGNS = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
const between = (value, low, high) => Math.min(high, Math.max(low, value));
const rotated = ([x, y], degrees) => { const a = degrees * Math.PI / 180; return [Math.cos(a) * x - Math.sin(a) * y, Math.sin(a) * x + Math.cos(a) * y]; };

/* `changed` gets the box whenever a visitor moved it, and whether the move is over. */
trama.crop = (root, changed) => {
  const frame = $('crop', root), shot = $('shot', root), corners = $$('[data-corner]', frame);
  let at = { box: [0, 0, 1, 1], tilt: 0 }, from = null;

  const sides = () => [shot.clientWidth || 1, shot.clientHeight || 1];
  const pixels = () => { const [w, h] = sides(), [l, t, r, b] = at.box; return { middle: [(l + r) / 2 * w, (t + b) / 2 * h], half: [(r - l) / 2 * w, (b - t) / 2 * h] }; };
  function draw() {
    const [l, t, r, b] = at.box, style = { left: l, top: t, width: r - l, height: b - t };
    for (const [name, share] of Object.entries(style)) frame.style[name] = `${share * 100}%`;
    frame.style.transform = `rotate(${-at.tilt}deg)`;
    const { middle, half } = pixels(), all = sides();
    corners.forEach((button, i) => {                     // a corner outside of the photo can be taken hold of at its border
      const off = rotated(SIGNS[i].map((sign, k) => sign * half[k]), -at.tilt), place = off.map((d, k) => middle[k] + d);
      const [x, y] = rotated(place.map((p, k) => between(p, REACH, all[k] - REACH) - p), at.tilt);
      button.style.translate = `${x}px ${y}px`;
    });
  }
  function set([x, y], [a, b], done) {
    const [w, h] = sides(), least = LEAST * Math.min(w, h);
    const half = [between(a, least / 2, w / 2), between(b, least / 2, h / 2)];
    const middle = [between(x, half[0], w - half[0]), between(y, half[1], h - half[1])];
    at = { ...at, box: [(middle[0] - half[0]) / w, (middle[1] - half[1]) / h, (middle[0] + half[0]) / w, (middle[1] + half[1]) / h] };
    draw();
    changed(at.box, done);
  }
  const shift = ({ middle, half }, [x, y], done) => set([middle[0] + x, middle[1] + y], half, done);
  function pull({ middle, half }, corner, move, done) {    // the opposite corner stays where it is
    const [x, y] = SIGNS[corner], [u, v] = rotated(move, at.tilt);
    const size = [Math.max(8, half[0] + x * u / 2), Math.max(8, half[1] + y * v / 2)];
    const step = rotated([x * (size[0] - half[0]), y * (size[1] - half[1])], -at.tilt);
    set([middle[0] + step[0], middle[1] + step[1]], size, done);
  }
  frame.onpointerdown = event => {
    if (!event.isPrimary) return;
    event.preventDefault();
    const corner = event.target.dataset.corner;
    from = { ...pixels(), corner: corner === undefined ? null : Number(corner), x: event.clientX, y: event.clientY, moved: false };
    frame.setPointerCapture(event.pointerId);
    if (corner !== undefined) event.target.focus({ preventScroll: true });
  };
  const follow = (event, done) => {
    const move = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(...move) < 3) return;
    from.moved = true;
    from.corner === null ? shift(from, move, done) : pull(from, from.corner, move, done);
  };
  frame.onpointermove = event => { if (from) follow(event, false); };
  frame.onpointerup = event => { if (from) follow(event, true); from = null; };
  frame.onpointercancel = () => { if (from?.moved) changed(at.box, true); from = null; };
  corners.forEach((button, corner) => {
    button.setAttribute('aria-describedby', 'photo-crop-keys');
    button.onkeydown = event => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      const [w, h] = sides(), move = [way[0] * w * STEP, way[1] * h * STEP];
      event.shiftKey ? shift(pixels(), move, true) : pull(pixels(), corner, move, true);
    };
  });
  return {
    show: (box, tilt) => { if (from) return; at = { box: [...box], tilt }; draw(); },
    turn: tilt => { at.tilt = tilt; draw(); },
    edit: wanted => { frame.classList.toggle('fixed', !wanted); },
  };
};
})();
