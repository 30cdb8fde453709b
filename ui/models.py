"""Models: what is on the shelf, what may be opened, and two of them side by side."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from model.checks import number, whole_number
from model.dye import dye_of
from model.latents import MAX_DARING, MAX_SEED
from model.recipe import Recipe
from model.studio import RAIL, Studio
from ui.desk import Answer, Desk, Json, describe, encode, key_of
from ui.model_setup import model_setup
from ui.parts import HERE, screen
from ui.shelf import Entry

STRIP = 6
"""Garments by which a model is known at a glance."""

STRIP_SEED = 4200
WEIGHTS = HERE.parent / "weights"


class Models:
    """What the screen of models asks the server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def list_models(self, request: Json) -> Answer:  # noqa: ARG002 - every answer has a request
        """What is in memory, and which others may be opened: null for any, none for an empty list."""
        shelf = self.desk.shelf
        return {"models": [_card(entry) for entry in shelf.entries], "offered": shelf.offered}

    def open_model(self, request: Json) -> Answer:
        """A model of the Hub by its id, from now on in memory."""
        return {"key": key_of(self.desk.shelf.open(request.get("source")))}

    def compare(self, request: Json) -> Answer:
        """Twelve garments of each of two models, of the same seeds and classes in the same places.

        `label` is a class that both have, by its name, or null for all of these in turn. Where they
        have none in common, each shows its own.
        """
        keys = request.get("models")
        if not isinstance(keys, Sequence) or isinstance(keys, str) or len(keys) != 2:
            raise ValueError("models must be a list of two, each name~digest")
        first, second = (self.desk.fetch(key) for key in keys)
        shared = [c for c in first.config.class_names if c in second.config.class_names]
        names = [name for name in shared if request.get("label") in (None, name)]
        if shared and not names:
            raise ValueError(f"label must be a class of both, not {request.get('label')!r:.80}")
        last = MAX_SEED - RAIL + 1
        seed = whole_number("seed", request.get("seed"), 0, last)
        daring = number("daring", request.get("daring"), 0, MAX_DARING)
        columns = [_column(studio, names, seed, daring) for studio in (first, second)]
        return {"shared": shared, "columns": columns}


def _column(studio: Studio, names: Sequence[str], seed: int, daring: float) -> Answer:
    """Twelve garments, of the named classes in turn; of the studio's own if none is named."""
    own = studio.config.class_names
    labels = [own.index(name) for name in names] or range(max(1, len(own)))
    share = daring if studio.generator.directions else None  # without class means there is but one
    garments = []
    for place in range(RAIL):
        dye = dye_of(place % len(labels), seed + place)  # by the place: the same in both columns
        garments.append(studio.garment(labels[place % len(labels)], seed + place, share, dye))
    return _drawn(studio, garments)


def _card(entry: Entry) -> Answer:
    """A model as its visitors know it."""
    studio = entry.studio
    garments = studio.wardrobe(None, STRIP_SEED)[:STRIP]
    return {
        "key": key_of(entry),
        "commit": entry.commit,
        "figures": _figures(entry),
        "strip": _drawn(studio, garments),
    }


def _drawn(studio: Studio, garments: Sequence[Recipe]) -> Answer:
    """Garments as the page's scripts know them, and what these must know of their model."""
    setup = {**model_setup(studio), "names": studio.config.class_names}
    described = [describe(garment) for garment in garments]
    return {"setup": setup, "garments": described, "pixels": encode(studio.draw(garments))}


def _figures(entry: Entry) -> Answer | None:
    """Measured likeness, recall and day of what the operator gave, if they are of these weights."""
    if entry.commit:  # a visitor's id is never looked for among the folders of this machine
        return None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        for folder in (Path(entry.source), WEIGHTS / entry.name):
            if (folder / "metrics.json").is_file():
                metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
                if not metrics["generator_sha256"].startswith(entry.digest):
                    continue
                likeness, recall = metrics["r_e"], metrics["recall"]
                return {"r": likeness["value"], "recall": recall["value"], "date": likeness["date"]}
    return None


def build(desk: Desk) -> gr.HTML:
    """The shelf; it is asked for when somebody comes to look."""
    models = Models(desk)
    return screen("models", [models.list_models, models.open_model, models.compare], {})
