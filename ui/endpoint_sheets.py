"""Endpoints that put many garments on one sheet of paper, dyed, as a PNG file with recipes."""

import gradio as gr
import numpy as np

from model import mixing
from model.recipe import Recipe
from ui.desk import Desk
from ui.endpoint_files import Lease, send_sheet
from ui.line import dyed_line


class Sheets:
    """Many garments for each call."""

    def __init__(self, desk: Desk, on_gpu: Lease) -> None:
        self.desk = desk
        far = desk.studio.on_accelerator()

        @on_gpu
        def weave(
            label: str, seed: int, daring: float | None, count: int
        ) -> tuple[list[Recipe], np.ndarray]:
            return far.sheet(label, seed, daring, count)

        self._weave = weave

    def sheet(
        self,
        label: str = "all",
        seed: int = 0,
        daring: float | None = None,
        count: int = 100,
        dye: str = "each",
    ) -> gr.FileData:
        """Many garments, dyed, on one sheet of paper; runs on a GPU where the Space has one.

        Args:
            label: class by number or name, or "all" for every class in turn.
            seed: of the first garment; the others follow it.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            count: garments on the sheet, 1 to 400.
            dye: indigo, madder, ochre, moss or ink for all, or "each" for the page's own choice.

        Returns:
            PNG in colour, 112 px for each garment; it carries the first 20 recipes.
        """
        garments, pixels = self._weave(label, seed, daring, count)
        dyed = garments if dye == "each" else [garment.dyed(dye) for garment in garments]
        columns = min(len(garments), 10 if len(garments) <= 100 else 20)
        return send_sheet(self.desk, dyed, pixels, columns)

    def pad(
        self,
        label_a: str = "dress",
        seed_a: int = 42,
        label_b: str = "coat",
        seed_b: int = 43,
        label_c: str = "t-shirt",
        seed_c: int = 44,
        label_d: str = "shirt",
        seed_d: int = 45,
        steps: int = 9,
    ) -> gr.FileData:
        """Everything between four garments, dyed, as a contact sheet.

        Args:
            label_a: class of the garment at the top left, by number or name.
            seed_a: its seed.
            label_b: class of the garment at the top right.
            seed_b: its seed.
            label_c: class of the garment at the bottom left.
            seed_c: its seed.
            label_d: class of the garment at the bottom right.
            seed_d: its seed.
            steps: garments along each side, 2 to 17.

        Returns:
            PNG in colour, 112 px for each garment; the dyes are mixed as the garments are. It
            carries the first 20 recipes.
        """
        studio = self.desk.studio
        pairs = ((label_a, seed_a), (label_b, seed_b), (label_c, seed_c), (label_d, seed_d))
        garments = mixing.pad([studio.garment(*pair) for pair in pairs], steps)
        return send_sheet(self.desk, garments, studio.sketch(garments), int(steps))

    def children(self, recipe: str, difference: float = 0.35, seed: int = 1) -> gr.FileData:
        """Twelve variations of a garment, dyed, on one sheet.

        Args:
            recipe: of the parent, from recipe, mix, describe or the page.
            difference: how far they go, 0.05 to 1; at 1 only the classes are the parent's.
            seed: of what is new in the first child; the others follow it.

        Returns:
            PNG in colour, four columns of 112 px; it carries the twelve recipes, in rows.
        """
        studio = self.desk.studio
        born = mixing.children(studio.read(recipe), difference, seed)
        return send_sheet(self.desk, born, studio.draw(born), 4)

    def line(
        self, seed: int = 4207, daring: float | None = None, dyes: list[str] | None = None
    ) -> gr.FileData:
        """A line of clothes: one seed in every class, dyed from one palette, on one sheet.

        Args:
            seed: whole number in 0..4294967295.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            dyes: one to three of indigo, madder, ochre, moss and ink; null for indigo and ochre.

        Returns:
            PNG in colour, 112 px for each garment, in the order of the labels.
        """
        garments = dyed_line(self.desk.studio, seed, daring, dyes)
        pixels = self.desk.studio.draw(garments)
        return send_sheet(self.desk, garments, pixels, min(len(garments), 10))
