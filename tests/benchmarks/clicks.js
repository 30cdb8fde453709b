/* Stop watches inside the page: nothing between them and what a visitor sees. */
(() => {
const tiny = new OffscreenCanvas(16, 16), ink = tiny.getContext('2d', { willReadFrequently: true });
const seen = selector => {
  const canvas = document.querySelector(selector);
  if (!canvas || canvas.width <= 4 || !canvas.offsetWidth) return '';
  ink.clearRect(0, 0, 16, 16);
  ink.drawImage(canvas, 0, 0, 16, 16);
  return ink.getImageData(0, 0, 16, 16).data.join();
};
const frame = () => new Promise(done => requestAnimationFrame(done));
const middle = v => v.toSorted((a, b) => a - b)[Math.floor(v.length / 2)];

window.stopwatch = {
  /* Milliseconds from the start of the navigation to the frame that shows so many garments. */
  async garments(selector, count) {
    for (;;) {
      const shown = [...document.querySelectorAll(selector)].filter(c => c.width > 4 && c.offsetWidth);
      if (shown.length >= count) return performance.now();
      await frame();
    }
  },
  /* From an action to the frame in which the canvas shows something else. */
  async change(selector, act) {
    const before = seen(selector), began = performance.now();
    act();
    while (seen(selector) === before) {
      await frame();
      if (performance.now() - began > 5000) throw new Error(`nothing changed on ${selector}`);
    }
    return performance.now() - began;
  },
  click: (target, selector) => stopwatch.change(selector, () => document.querySelector(target).click()),
  slide: (target, value, selector) => stopwatch.change(selector, () => {
    const slider = document.querySelector(target);
    slider.value = value;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }),
  /* An answer of a server function, over HTTP, as the scripts call it. */
  async ask(called, data) {
    const part = window.gradio_config.components.find(p => p.props.server_fns?.includes(called));
    const body = JSON.stringify({ data, fn_name: called, component_id: part.id, session_hash: 'clicks' });
    const sent = await fetch('gradio_api/component_server', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    const answer = await sent.json();
    if (!answer || answer.error) throw new Error(`${called}: ${answer?.error ?? 'no answer'}`);
    return answer;
  },
  /* Milliseconds of each of many; `write(n)` is what is asked the n-th time. */
  async answers(called, write, count) {
    const took = [];
    for (let n = 0; n < count; n++) {
      const began = performance.now();
      await stopwatch.ask(called, write(n));
      took.push(performance.now() - began);
    }
    return took;
  },
  /* Begin to note each frame: its length, and how long the page's own scripts took in it. */
  record() {
    const notes = { frames: [], work: [] };
    let last = performance.now(), spent = 0;
    const timed = function_ => function (...args) {
      const began = performance.now();
      try { return function_.apply(this, args); } finally { spent += performance.now() - began; }
    };
    const real = window.requestAnimationFrame;
    window.requestAnimationFrame = callback => real(timed(callback));
    const tick = now => {
      notes.frames.push(now - last);
      notes.work.push(spent);
      [last, spent] = [now, 0];
      if (notes.on) real(tick);
    };
    notes.on = true;
    real(tick);
    window.recorded = () => { notes.on = false; window.requestAnimationFrame = real; return notes; };
  },
  middle,
};
})();
