"""Collection: what a visitor keeps in the browser, its family tree, and files of it."""

import base64
import reprlib
import threading

import gradio as gr

from model.archive import MAX_PICTURES, pictures_zip
from model.keepsake import stamp_png
from model.recipe import Recipe, RecipeError
from ui.dataset import FEWEST, MOST, DatasetBusyError, make_plan, proof_of, write_dataset
from ui.desk import Answer, Desk, Json, describe, encode
from ui.line_book import check_language
from ui.names import kind_of, seed_word, short_class_names
from ui.parts import load_words, screen

MOST_OPENED = 60
"""Recipes of one request: a screenful."""

MOST_CHECKED = 500
"""Recipes of one request that are read and not drawn."""

MOST_NAME = 100
"""Characters of what a picture is called."""

ARCHIVE_SIDE = 448
"""Side of a picture in the ZIP file: 16 times the 28 pixels."""

MORE_GARMENTS = 60_000
"""Garments of the command that the page shows: as many as Fashion-MNIST has for training."""

_turn = threading.BoundedSemaphore(1)


class Collection:
    """What the collection asks the server, which stores nothing of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def open_many(self, request: Json) -> Answer:
        """Garments of up to 60 recipes; those that cannot be read do not hide the others.

        `places` are the readable ones' in the list; `refused` tells of each of the others its
        place and the reason.
        """
        texts = request.get("recipes")
        if not isinstance(texts, list) or not 0 < len(texts) <= MOST_OPENED:
            raise ValueError(f"recipes must be a list of 1..{MOST_OPENED} recipes")
        studio = self.desk.studio
        readable: dict[int, Recipe] = {}
        refused = []
        for place, text in enumerate(texts):
            try:
                readable[place] = studio.read(text)
            except RecipeError as error:
                refused.append({"place": place, "reason": error.reason, "error": str(error)})
            except ValueError as error:
                refused.append({"place": place, "reason": "malformed", "error": str(error)})
        garments = list(readable.values())
        return {
            "garments": [describe(garment) for garment in garments],
            "pixels": encode(studio.draw(garments)) if garments else "",
            "places": list(readable),
            "refused": refused,
        }

    def check_recipes(self, request: Json) -> Answer:
        """Which of up to 500 recipes are none, each with its place in the list and the reason.

        One of a model that is not at hand is sound.
        """
        texts = request.get("recipes")
        if not isinstance(texts, list) or not 0 < len(texts) <= MOST_CHECKED:
            raise ValueError(f"recipes must be a list of 1..{MOST_CHECKED} recipes")
        refused = []
        for place, text in enumerate(texts):
            try:
                self.desk.studio.read(text)
            except RecipeError as error:
                if error.reason not in ("model", "revision"):
                    refused.append({"place": place, "reason": error.reason})
            except ValueError:
                refused.append({"place": place, "reason": "malformed"})
        return {"refused": refused}

    def archive(self, request: Json) -> Answer:
        """Pictures of up to 200 recipes and the recipes themselves, as a ZIP file.

        `names` are what the page calls them, one each; without them kind and seed.
        """
        garments = self.desk.recipes(request, MAX_PICTURES)
        language = check_language(request.get("language"))
        called = _check_names(request.get("names"), len(garments))
        if not _turn.acquire(blocking=False):
            told = "another archive is being made: try again in a moment"
            return {"error": told, "reason": "archive_busy"}
        try:
            names = short_class_names(self.desk.studio.config, language)
            words = load_words()[language]
            piece = words["piece"]
            pixels = self.desk.studio.draw(garments)
            items = []
            for garment, picture, name in zip(garments, pixels, called, strict=True):
                image = self.desk.cloth(garment, picture, ARCHIVE_SIDE)
                usual = f"{kind_of(garment, names, piece)} {seed_word(garment.seed, words)}"
                items.append((name or usual, stamp_png(image, garment.text), garment.text))
            return {"file": _zip(pictures_zip(items))}
        finally:
            _turn.release()

    def dataset(self, request: Json) -> Answer:
        """Labelled garments of this model for other models, as a ZIP file."""
        fields = (request.get(name) for name in ("count", "labels", "daring", "seed"))
        studio = self.desk.studio
        try:
            return {"file": _zip(write_dataset(studio, make_plan(studio, *fields)))}
        except DatasetBusyError as error:
            return {"error": str(error), "reason": "dataset_busy"}


def build(desk: Desk) -> gr.HTML:
    """The screen; what is kept is known to the browser alone."""
    collection = Collection(desk)
    first = {
        "most_opened": MOST_OPENED,
        "most_checked": MOST_CHECKED,
        "most_pictures": MAX_PICTURES,
        "fewest": FEWEST,
        "most": MOST,
        "more": MORE_GARMENTS,
        "proof": proof_of(desk.studio),
        "digest": desk.studio.digest,
    }
    calls = [
        collection.open_many,
        collection.check_recipes,
        collection.archive,
        collection.dataset,
    ]
    return screen("collection", calls, first)


def _check_names(names: object, count: int) -> list[str]:
    """A name each, empty where there is none; they come from outside."""
    if names is None:
        return [""] * count
    if not isinstance(names, list) or len(names) != count:
        raise ValueError(f"names must be a list of {count} texts, not {reprlib.repr(names)}")
    for name in names:
        if not isinstance(name, str) or len(name) > MOST_NAME or not name.isprintable():
            told = f"names must be printable texts of at most {MOST_NAME} characters"
            raise ValueError(f"{told}, not {reprlib.repr(name)}")
    return names


def _zip(content: bytes) -> str:
    return f"data:application/zip;base64,{base64.b64encode(content).decode()}"
