"""python -m tests.benchmarks.clicks: what a visitor waits for, timed inside a real browser.

The page of the shipped model in Chromium without a graphics card: from navigation to twelve
garments, from clicks and slider moves to new pixels, the server's answers, the frames of a drag
over the pad of the blend, and a lookbook's sheet.
"""

import argparse
import contextlib
import os
import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.benchmarks.page import free_port, start
from tests.browsing import CHROMIUM, DESKTOP, FLAGS
from training.hardware import describe_machine

WATCH = (Path(__file__).parent / "clicks.js").read_text(encoding="utf-8")
STAGE = "#{} .big canvas"
ANSWERS = {
    "garment": "{ label: 3, seed: n }",
    "mix": "{ recipes: pair, shape: [1 - n / 200, n / 200], pattern: [1, 1] }",
    "edit": "{ recipe: pair[0], edits: { [name]: n % 20 / 20 } }",
}


def show(name: str, took_ms: Iterable[float]) -> None:
    """One line: median, 95th percentile, how many."""
    values = sorted(took_ms)
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
    print(f"{name:34} median {statistics.median(values):6.1f} ms, p95 {p95:6.1f} ms "
          f"({len(values)})")  # fmt: skip


@contextlib.contextmanager
def served(playwright: Playwright) -> Iterator[tuple[Browser, str, float]]:
    """A browser, the address of a page started for it, and the seconds to its first garment."""
    port = free_port()
    process, took = start(port)
    executable = str(CHROMIUM) if CHROMIUM.exists() else None
    browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
    try:
        print(f"machine   {describe_machine()}, load {os.getloadavg()[0]:.1f}, "
              f"Chromium {browser.version}")  # fmt: skip
        yield browser, f"http://127.0.0.1:{port}/", took
    finally:
        browser.close()
        process.terminate()
        process.wait()


def opened(browser: Browser, url: str, screen: str = "wardrobe") -> Page:
    """A visitor who has not been here before; hints are out of the way."""
    page = browser.new_context(viewport=DESKTOP, locale="en-US").new_page()
    page.add_init_script(WATCH)
    page.goto(f"{url}#{screen}")
    page.wait_for_function("window.trama && trama.server")
    return page


def measure_loads(browser: Browser, url: str, count: int) -> None:
    """Page load to twelve garments seen, each time in a new profile."""
    took = []
    for _ in range(count):
        page = browser.new_context(viewport=DESKTOP, locale="en-US").new_page()
        page.add_init_script(WATCH)
        page.goto(url, wait_until="commit")
        took.append(page.evaluate("stopwatch.garments('#wardrobe .rail canvas', 12)"))
        page.context.close()
    show("page load to twelve garments", took)


def measure_clicks(browser: Browser, url: str, count: int) -> None:
    """Clicks in the wardrobe and sliders of the adjustments, to new pixels."""
    page = opened(browser, url)
    page.evaluate("stopwatch.garments('#wardrobe .rail canvas', 12)")
    page.wait_for_timeout(1000)
    tile, stage = "#wardrobe .rail li:nth-child(12) canvas", STAGE.format("wardrobe")
    for name, target, canvas in (
        ("dice to twelve new garments", "#wardrobe [data-part=roll]", tile),
        ("another garment to the large view", "#wardrobe .rail li:nth-child({n}) .tile", stage),
    ):
        took = []
        for n in range(count):
            asked = target.format(n=n % 2 + 2)
            took.append(page.evaluate("([t, c]) => stopwatch.click(t, c)", [asked, canvas]))
            page.wait_for_timeout(120)  # what follows a click is not the next one's burden
        show(name, took)
    page.context.close()
    page = opened(browser, url, "adjust")
    stage = STAGE.format("adjust")
    page.evaluate("c => stopwatch.garments(c, 1)", stage)
    page.wait_for_timeout(1500)
    slider = "#adjust .zero input"
    high = float(page.get_attribute(slider, "max"))
    took = []
    for n in range(count):
        value = (0.3 + 0.6 * (n % 2)) * high
        took.append(page.evaluate("a => stopwatch.slide(...a)", [slider, value, stage]))
        page.wait_for_timeout(120)
    show("slider to new pixels", took)
    page.context.close()


def measure_answers(browser: Browser, url: str, count: int) -> None:
    """The server functions behind generate, blend and edit, over HTTP, as the scripts call them."""
    page = opened(browser, url, "adjust")
    page.evaluate("c => stopwatch.garments(c, 1)", STAGE.format("adjust"))
    page.wait_for_timeout(1500)
    for name, request in ANSWERS.items():
        took = page.evaluate(
            """async ([called, request, count]) => {
                 const name = trama.setup.directions[0].name;
                 const { garments } = await trama.server.line({ seed: 5 });
                 const pair = garments.slice(3, 5).map(g => g.recipe);
                 const write = new Function('n', 'pair', 'name', `return ${request}`);
                 return stopwatch.answers(called, n => write(n, pair, name), count);
               }""",
            [name, request, count],
        )
        show(f"answer: {name}", took)
    page.context.close()


def measure_drag(browser: Browser, url: str, moves: int) -> None:
    """A finger that wanders over the pad: frames, the scripts' part of them, and requests."""
    page = opened(browser, url, "blend")
    page.wait_for_selector("#blend .padsheet[data-steps='17']", timeout=60_000)
    page.wait_for_timeout(2000)
    box = page.locator("#blend .padsheet").bounding_box()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.evaluate("stopwatch.record()")
    for step in range(moves):
        way = abs((step / 40) % 2 - 1), abs((step / 23) % 2 - 1)
        x, y = (0.1 + 0.8 * share for share in way)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    notes = page.evaluate("recorded()")
    meanwhile = len(asked)
    page.mouse.up()
    show("drag: a frame", notes["frames"][1:])
    show("drag: the scripts in a frame", notes["work"][1:])
    print(f"drag: requests meanwhile           {meanwhile}")
    page.context.close()


def measure_lookbook(browser: Browser, url: str, count: int) -> None:
    """From a typed title to the sheet of ten garments that carries it; a quarter second is a wait."""
    page = opened(browser, url, "line")
    page.locator("#line .booksheet").scroll_into_view_if_needed()
    page.wait_for_selector("#line .booksheet[aria-busy=false]", timeout=60_000)
    took = page.evaluate(
        """async count => {
             const field = document.querySelector('#line [data-part=book-title]'), took = [];
             const sheet = document.querySelector('#line .booksheet');
             for (let n = 0; n < count; n++) {
               const began = performance.now();
               field.value = `Line ${n}`;
               field.dispatchEvent(new Event('input'));
               do await new Promise(requestAnimationFrame); while (sheet.ariaBusy !== 'false');
               took.push(performance.now() - began);
             }
             return took;
           }""",
        count,
    )
    show("a title to its lookbook's sheet", took)
    page.context.close()


def run(playwright: Playwright, count: int) -> None:
    """Measure everything against a server of its own."""
    with served(playwright) as (browser, url, took):
        print(f"process start to first garment     {took:.2f} s")
        opened(browser, url).context.close()  # what only the first visitor waits for
        measure_loads(browser, url, max(count // 5, 3))
        measure_clicks(browser, url, count)
        measure_answers(browser, url, 2 * count)
        measure_drag(browser, url, 6 * count)
        measure_lookbook(browser, url, count)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="clicks of a kind")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        run(playwright, options.count)


if __name__ == "__main__":
    main()
