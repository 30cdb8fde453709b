"""Learn: a lesson of six steps, with the page's own networks as its widgets."""

import functools

import gradio as gr
import numpy as np

from model.checks import whole_number
from model.classifier import Classifier, class_chances, load_classifier
from model.latents import MAX_SEED
from model.lesson import DUEL, RUNS, read_garments, read_recording, variety
from model.noise import noise_of, weave
from model.recipe import Recipe
from model.storage import ModelFolderError
from ui.desk import Answer, Desk, Json, encode
from ui.lesson_code import lesson_code
from ui.live import Stage
from ui.parts import screen

FIRST_SEED = 4207
SHOWN = (("Ankle boot", 4209), ("Bag", 4208), ("Pullover", 4202))
"""Garments that the classifier is sure of; the one that it doubts is looked for."""

DOUBTFUL = ("Shirt", 300)
"""Class and first seed among which the most doubtful garment is looked for."""

LOOKED_AT = 16
MADE = 6
LIKELIEST = 5


class Learn:
    """What the lesson asks the server."""

    def __init__(self, desk: Desk, stage: Stage) -> None:
        self.desk, self.stage = desk, stage

    def lesson(self, request: Json) -> Answer:  # noqa: ARG002 - every answer has a request
        """What the lesson opens with; asked for when somebody comes to look."""
        desk = self.desk
        sure = [desk.studio.garment(desk.label(name), seed) for name, seed in SHOWN]
        dress = desk.label("Dress")
        return {
            "zoo": desk.drawn([*sure, self._doubtful()]),
            "made": self.make({"label": desk.label("Ankle boot"), "seed": FIRST_SEED}),
            "noise": noise_of(FIRST_SEED, desk.studio.config.z_dim),
            "seed": FIRST_SEED,
            "label": dress,
            "duel": _recorded(DUEL),
            "runs": {run: found for run in RUNS if (found := _recorded(run))},
        }

    def classify(self, request: Json) -> Answer:
        """The classifier's likeliest classes of a garment, each with its chance."""
        recipe = self.desk.recipe(request)
        (chances,) = class_chances(_classifier(), self.desk.studio.draw([recipe]))
        order = np.argsort(-chances, kind="stable")[:LIKELIEST]
        return {"chances": [(int(label), float(chances[label])) for label in order]}

    def make(self, request: Json) -> Answer:
        """Six garments of a class, from a seed on."""
        label, seed = request.get("label"), request.get("seed")
        if label is None:
            raise ValueError("label must be a class, not None")
        return self.desk.drawn(self.desk.studio.wardrobe(label, seed, count=MADE))

    def noise(self, request: Json) -> Answer:
        """The numbers that a seed stands for."""
        seed = whole_number("seed", request.get("seed"), 0, MAX_SEED)
        return {"noise": noise_of(seed, self.desk.studio.config.z_dim)}

    def weave(self, request: Json) -> Answer:
        """Noise in every class: w of each to two digits, and pixels."""
        w, pixels = weave(self.desk.studio, request.get("noise"))
        return {"w": [[round(float(v), 2) for v in row] for row in w], "pixels": encode(pixels)}

    def _doubtful(self) -> Recipe:
        """The garment whose two likeliest classes are the closest."""
        studio, (name, seed) = self.desk.studio, DOUBTFUL
        garments = studio.wardrobe(self.desk.label(name), seed, count=LOOKED_AT)
        two = np.sort(class_chances(_classifier(), studio.sketch(garments)))[:, -2:]
        return garments[int(np.argmin(two[:, 1] - two[:, 0]))]


@functools.cache
def _classifier() -> Classifier:
    return load_classifier()


@functools.cache
def _recorded(name: str) -> Answer | None:
    """A recording as the scripts know it; None where it did not come with the page."""
    try:
        recording = read_recording(name)
    except ModelFolderError:
        return None
    rows, columns = recording.pixels.shape[:2]
    pixels = encode(np.ascontiguousarray(recording.pixels))
    return {"pixels": pixels, "rows": rows, "columns": columns, **recording.figures}


def build(desk: Desk) -> gr.HTML:
    """Six steps."""
    stage = Stage()
    learn = Learn(desk, stage)
    calls = [
        learn.lesson, learn.classify, learn.make, learn.noise, learn.weave,
        stage.train, stage.train_step, stage.train_stop,
    ]  # fmt: skip
    first = {"code": lesson_code(), "boots_spread": variety(read_garments())}
    return screen("learn", calls, first)
