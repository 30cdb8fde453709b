"""Endpoints that make what people take away: films, lookbooks, archives."""

import gradio as gr

from model.archive import pictures_zip
from model.checks import whole_number
from model.keepsake import stamp_png
from ui import film as films
from ui.desk import Desk
from ui.endpoint_files import send_file
from ui.endpoint_views import MIN_SIDE, view_of
from ui.line import FILE_TYPES, MOST_GARMENTS, dyed_line, write_lookbook
from ui.names import kind_of, seed_word, short_class_names
from ui.parts import load_words

MOST_ARCHIVED = 100
MOST_ARCHIVED_SIDE = 896


class Keepsakes:
    """One file of another kind for each call."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def film(
        self,
        label_a: str = "dress",
        seed_a: int = 42,
        label_b: str = "coat",
        seed_b: int = 43,
        label_c: str = "t-shirt",
        seed_c: int = 44,
        label_d: str = "shirt",
        seed_d: int = 45,
        way: str = "line",
        kind: str = "gif",
    ) -> gr.FileData:
        """A film of dyed garments that become each other; one at a time is made.

        Args:
            label_a: class of A, by number or name.
            seed_a: seed of A.
            label_b: class of B.
            seed_b: seed of B.
            label_c: class of C; only a loop goes there.
            seed_c: seed of C.
            label_d: class of D; only a loop goes there.
            seed_d: seed of D.
            way: line (from A to B and back) or loop (A, B, D, C and A again).
            kind: gif or mp4.

        Returns:
            GIF or H.264 film, 448 px wide, that carries the recipes of its garments.
        """
        pairs = ((label_a, seed_a), (label_b, seed_b), (label_c, seed_c), (label_d, seed_d))
        garments = [self.desk.studio.garment(*pair) for pair in pairs]
        made = films.make_film(self.desk, garments, kind, way)
        return send_file(made, f"trama.{kind}", films.KINDS[kind])

    def lookbook(
        self,
        seed: int = 4207,
        daring: float | None = None,
        dyes: list[str] | None = None,
        recipes: list[str] | None = None,
        title: str | None = None,
        language: str = "pt",
        kind: str = "pdf",
    ) -> gr.FileData:
        """A line of clothes as a lookbook: a titled sheet with names, seeds and palette.

        Args:
            seed: whole number in 0..4294967295; not looked at where recipes are given.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            dyes: one to three of indigo, madder, ochre, moss and ink; null for indigo and ochre.
            recipes: 1 to 20 recipes to put on the sheet in place of a seed's line, or null.
            title: at most 80 characters, without what the type lacks; null for the dyes' names.
            language: pt or en.
            kind: pdf, with selectable text and a page of recipes, or png, the sheet alone.

        Returns:
            PDF of A4 pages, or PNG of 2526 x 1786 pixels.
        """
        desk = self.desk
        garments = (
            dyed_line(desk.studio, seed, daring, dyes)
            if recipes is None
            else desk.recipes({"recipes": recipes}, MOST_GARMENTS)
        )
        data = write_lookbook(desk, garments, title, language, kind)
        return send_file(data, f"trama-lookbook.{kind}", FILE_TYPES[kind])

    def archive(self, recipes: list[str], view: str = "smooth", size: int = 448) -> gr.FileData:
        """Pictures of many garments in one ZIP file.

        Args:
            recipes: 1 to 100 recipes.
            view: smooth or pixels, as for render.
            size: side of each picture, 56 to 896.

        Returns:
            ZIP of PNG files that carry their recipes, of index.csv and of recipes.txt.
        """
        desk, names = self.desk, short_class_names(self.desk.studio.config, "en")
        garments = desk.recipes({"recipes": recipes}, MOST_ARCHIVED)
        side = whole_number("size", size, MIN_SIDE, MOST_ARCHIVED_SIDE)
        pictures = []
        for garment in garments:
            png = stamp_png(view_of(desk, garment, view, side), garment.text)
            seed = seed_word(garment.seed, load_words()["en"])
            name = f"{kind_of(garment, names, 'garment')} {seed}"
            pictures.append((name, png, garment.text))
        return send_file(pictures_zip(pictures), "trama.zip", "application/zip")
