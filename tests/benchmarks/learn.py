"""python -m tests.benchmarks.learn: what a student waits for, and what a live training asks of others.

The page of the shipped model in Chromium without a graphics card: the answers of the lesson, the game
and the film and their sliders, first on a quiet page, then while one visitor trains live. Then the
same training without a page: the images it sees, and how good its boots are; and how often the game's
critic is right. Goals: 150 ms at the 95th percentile, 300 ms during a training, boots within 30 s.
"""

import argparse
import dataclasses
import itertools
import time
from collections.abc import Iterator

import numpy as np
import torch
from playwright.sync_api import Browser, Page, sync_playwright

from model.classifier import class_chances, load_classifier
from model.game import Round
from model.lesson import read_garments, variety
from model.live import BATCH, MAX_SECONDS, SHEET, Knobs, Live
from model.pixels import to_img, to_pixels
from model.referee import Referee
from model.studio import Studio
from model.weights import SHIPPED_MODEL
from tests.benchmarks.clicks import STAGE, opened, served, show
from training.data import load_fashion_mnist
from training.features import space_e
from training.metrics import kernel_distance

BOOT = 9
MADE = 1000
FIRST_SEED = 5_000_000
CALLS = {
    "lesson: classes of a garment": ("classify", "{ recipe: recipes[n % 10] }"),
    "lesson: garments of a class": ("make", "{ label: n % 10, seed: n }"),
    "lesson: noise to garments": ("weave", "{ noise: noise.map((v, i) => i === n % 60 ? -v : v) }"),
    "lesson: the critic's opinion": ("opinion", "{ recipe: recipes[n % 10] }"),
    "lesson: nearest in the training": ("nearest", "{ recipe: recipes[n % 10] }"),
    "film: a garment at each moment": ("frames", "{ recipe: recipes[n % 10] }"),
    "film: the line at a moment": ("line_then", "{ recipe: recipes[n % 10], moment: n % 8 }"),
    "game: a new one": ("new_game", "{ moment: n % 8 }"),
    "game: a vote": ("cast_vote", "{ game, real: true }"),
}
"""By what is shown: the server function, and what is asked of it the n-th time."""

SLIDERS = {
    "lesson: slider to new garment": (
        "learn",
        "#learn [data-part=swap]",
        "#learn [data-part=woven]",
    ),
    "film: slider to new garment": ("replay", "#replay [data-part=moment]", STAGE.format("replay")),
    "adjust: slider to new garment": ("adjust", "#adjust .zero input", STAGE.format("adjust")),
}
"""By what is shown: screen, slider, and the canvas that changes."""


def measure_answers(page: Page, count: int, note: str = "") -> None:
    """Server functions over HTTP, as the page's scripts call them."""
    for name, (called, request) in CALLS.items():
        took = page.evaluate(
            """async ([called, request, count]) => {
                 const { garments } = await trama.server.line({ seed: 5 });
                 const recipes = garments.map(g => g.recipe);
                 const { noise } = await stopwatch.ask('noise', { seed: 7 });
                 const { game } = await stopwatch.ask('new_game', { moment: 7 });
                 const write = new Function('n', 'recipes', 'noise', 'game', `return ${request}`);
                 const asked = n => write(n, recipes, noise, game);
                 await stopwatch.answers(called, asked, 1);
                 return stopwatch.answers(called, asked, count);
               }""",
            [called, request, count],
        )
        show(f"{name}{note}", took)


@dataclasses.dataclass
class Slid:
    """A page with a slider, the canvas that it changes, and where on its way it goes next."""

    page: Page
    slider: str
    canvas: str
    shares: Iterator[float] = dataclasses.field(
        default_factory=lambda: itertools.cycle((0.35, 0.9, 0.6))
    )


def measure_slider(slid: Slid, count: int) -> list[float]:
    """From moves of a slider to the frame that shows another picture, milliseconds."""
    page, slider = slid.page, slid.slider
    low, high = (float(page.get_attribute(slider, end) or 0) for end in ("min", "max"))
    took = []
    for share in itertools.islice(slid.shares, count):
        value = round(low + share * (high - low), 2)
        took.append(page.evaluate("a => stopwatch.slide(...a)", [slider, value, slid.canvas]))
        page.wait_for_timeout(120)
    return took


def slider_pages(browser: Browser, url: str) -> dict[str, Slid]:
    """A page for each slider, ready to be moved."""
    pages = {}
    for name, (screen, slider, canvas) in SLIDERS.items():
        page = opened(browser, url, screen)
        page.evaluate("c => stopwatch.garments(c, 1)", canvas)
        page.wait_for_timeout(1500)
        pages[name] = Slid(page, slider, canvas)
    return pages


class Student:
    """A visitor who trains live, again and again."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.page = opened(browser, url, "learn")
        self.page.evaluate("c => stopwatch.garments(c, 1)", "#learn [data-part=woven]")
        self.go = self.page.locator("#learn [data-part=train-go]")

    def train(self) -> None:
        """See to it that a training is under way."""
        if self.go.inner_text() != self.page.evaluate("trama.word('train_stop')"):
            self.go.click()
            self.page.wait_for_function(
                "document.querySelector('#learn [data-part=train-seen]').textContent",
                timeout=60_000,
            )

    def seen(self) -> str:
        """What the page says of the training."""
        parts = self.page.locator("#learn [data-part=train-time], #learn [data-part=train-seen]")
        return ", ".join(parts.all_inner_texts())


def measure_page(browser: Browser, url: str, count: int) -> None:
    """Answers and sliders, quiet and during a training."""
    pages, asking = slider_pages(browser, url), opened(browser, url, "learn")
    for name, slid in pages.items():
        show(name, measure_slider(slid, count))
    measure_answers(asking, count)
    student = Student(browser, url)
    for name, slid in pages.items():
        took: list[float] = []
        for _ in range(-(-count // 10)):  # in parts, as a training is over after 30 s
            student.train()
            took += measure_slider(slid, 10)
        show(f"{name}, training", took)
    student.train()
    measure_answers(asking, max(count // 3, 5), ", training")
    print(f"the training meanwhile: {student.seen()}")


def measure_training(seconds: float) -> None:
    """A training as the page's, alone: images seen, and boots against boots that it did not see."""
    live = Live(to_img(torch.from_numpy(read_garments())), Knobs())
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        live.step()
    z = torch.randn(MADE, live.z_dim, generator=torch.Generator().manual_seed(1))
    label = torch.zeros(4 * SHEET, dtype=torch.int64)
    with torch.inference_mode():
        parts = [live.shown(part, label[: len(part)], batch_statistics=True)
                 for part in z.split(4 * SHEET)]  # fmt: skip
    made = to_pixels(torch.cat(parts))
    data = load_fashion_mnist("heldout")
    real = data.pixels[data.labels == BOOT].numpy()
    space = space_e()
    reference = space.extract(real, "held-out boots")
    distance, error = kernel_distance(space.extract(made, "boots made"), reference)
    floor, _ = kernel_distance(space.extract(read_garments(), "training boots"), reference)
    named = float((class_chances(load_classifier(), made).argmax(1) == BOOT).mean())
    print(f"live training of ankle boots in {seconds:.0f} s: {live.images_seen:,} images "
          f"({live.images_seen // BATCH} steps)")  # fmt: skip
    print(f"  KD {distance:.4f} +/- {error:.4f} over {len(made)} boots made, {len(real)} held-out "
          f"ones; training boots {floor:.4f}")  # fmt: skip
    print(f"  taken for boots by the classifier {named:.1%}; variety "
          f"{variety(made):.1f} of {variety(np.asarray(real)):.1f} grey levels")  # fmt: skip


def measure_critic() -> None:
    """Votes on every real garment of the game, and on as many woven at the last moment of training."""
    referee = Referee(Studio.open(SHIPPED_MODEL))
    rounds = [
        Round(label=label, real=real, seed=FIRST_SEED + place, place=place)
        for label in range(10)
        for place in range(referee.each)
        for real in (True, False)
    ]
    last = len(referee.moments) - 1
    right = [
        referee.rule(referee.known(asked, last), asked.label).real == asked.real for asked in rounds
    ]
    print(f"the critic of the finished network is right about {np.mean(right):.1%} of {len(right):,} "
          f"garments: {np.mean(right[::2]):.1%} of the real, {np.mean(right[1::2]):.1%} of the woven")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="moves and answers of a kind")
    parser.add_argument("--seconds", type=float, default=MAX_SECONDS, help="of the training alone")
    options = parser.parse_args()
    with sync_playwright() as playwright, served(playwright) as (browser, url, _):
        measure_page(browser, url, options.count)
    measure_training(options.seconds)
    measure_critic()


if __name__ == "__main__":
    main()
