"""Endpoints that make one garment, a PNG file that carries its recipe."""

import gradio as gr

from model import mixing
from model.recipe import Recipe
from ui.desk import Desk
from ui.endpoint_files import send_garment, send_picture
from ui.endpoint_views import view_of


class Garments:
    """One garment for each call."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def generate(
        self, label: str = "dress", seed: int = 42, daring: float | None = None
    ) -> gr.FileData:
        """One garment.

        Args:
            label: class by number, or by its English or Portuguese name.
            seed: whole number in 0..4294967295; the same seed is always the same garment.
            daring: truncation psi, 0 (common) to 2 (exaggerated); null for the page's 0.7.

        Returns:
            PNG of the network's grey pixels, each a square: 16 x 16 at 28 px, 448 px in all.
        """
        return self._send(self.desk.studio.garment(label, seed, daring))

    def blend(
        self,
        label_a: str = "dress",
        seed_a: int = 42,
        label_b: str = "coat",
        seed_b: int = 43,
        blend: float = 0.5,
        shape: float | None = None,
        pattern: float | None = None,
    ) -> gr.FileData:
        """A garment between two others.

        Args:
            label_a: class of A, by number or name.
            seed_a: seed of A.
            label_b: class of B, by number or name.
            seed_b: seed of B.
            blend: share of B, 0 to 1, in shape and pattern alike.
            shape: share of B in the coarse layers (outline, sleeves); null follows blend.
            pattern: share of B in the fine layers (texture, details); null follows blend.

        Returns:
            PNG of the network's grey pixels, as for generate.
        """
        studio = self.desk.studio
        a, b = studio.garment(label_a, seed_a), studio.garment(label_b, seed_b)
        return self._send(mixing.blend(a, b, blend, shape, pattern))

    def edit(
        self,
        label: str = "dress",
        seed: int = 42,
        daring: float | None = None,
        edits: dict[str, float] | None = None,
        locks: list[str] | None = None,
    ) -> gr.FileData:
        """A garment moved along named, measured directions.

        Args:
            label: class by number, or by its English or Portuguese name.
            seed: whole number in 0..4294967295.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            edits: strength by name of direction, for example {"brightness": 1.5}.
            locks: names of directions whose attribute stays while the others move, for example
                ["sleeves"]; as much of them is taken away as the edits bring along.

        Returns:
            PNG of the network's grey pixels, as for generate.
        """
        studio = self.desk.studio
        garment = studio.garment(label, seed, daring)
        return self._send(studio.edited(garment, {} if edits is None else edits, locks))

    def class_mix(
        self,
        seed: int = 42,
        shares: dict[str, float] | None = None,
        daring: float | None = None,
    ) -> gr.FileData:
        """One seed as a mixture of classes.

        Args:
            seed: whole number in 0..4294967295.
            shares: weight by class, for example {"dress": 60, "coat": 40}, which null stands for;
                only their proportions count.
            daring: truncation psi, 0 to 2; null for the page's 0.7.

        Returns:
            PNG of the network's grey pixels, as for generate.
        """
        studio = self.desk.studio
        given = {"dress": 60, "coat": 40} if shares is None else shares
        return self._send(studio.class_mix(studio.garment(0, seed, daring), given))

    def render(self, recipe: str, view: str = "smooth", size: int = 896) -> gr.FileData:
        """The garment of a recipe, as the page shows it.

        Args:
            recipe: line of text that begins with tr1~, from recipe, mix, describe or the page.
            view: smooth, dyed cloth without a background; or pixels, the network's grey squares.
            size: side in pixels, 56 to 2048; pixels are as large as whole squares fit into it.

        Returns:
            PNG that carries the recipe.
        """
        garment = self.desk.studio.read(recipe)
        return send_picture(view_of(self.desk, garment, view, size), [garment])

    def _send(self, garment: Recipe) -> gr.FileData:
        return send_garment(garment, self.desk.studio.draw([garment])[0])
