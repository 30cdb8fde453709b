"""Answers the page's own scripts: one JSON object in, one out, each by one call of the studio."""

import base64
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from model.dye import Ramp, blend_ramps, dye_cloth, dye_of, find_dye, hole_area
from model.pixels import to_image, to_png
from model.studio import Garment, Studio

Json: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

PICTURE_SIDE = 896
"""Side of a downloaded picture: 32 times the 28 pixels."""

THUMBNAIL_SIDE = 96


def answering(answer: Callable[[Json], Answer]) -> Callable[[object], Answer]:
    """A server function that says what is wrong with a request instead of raising.

    A raised error reaches the browser as null, without a word.
    """

    @functools.wraps(answer)
    def checked(request: object) -> Answer:
        if not isinstance(request, Mapping):
            return {"error": "request must be an object"}
        try:
            return answer(request)
        except ValueError as error:
            return {"error": str(error)}

    return checked


class Desk:
    """The server functions of one page; pixels travel as base64 of the network's own bytes."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def wardrobe(self, request: Json) -> Answer:
        """A rail of garments of one class, or of all where label is null."""
        garments, pixels = self.studio.wardrobe(
            request.get("label"), request.get("seed"), request.get("daring")
        )
        return _rail(garments, pixels)

    def line(self, request: Json) -> Answer:
        """One seed in every class."""
        return _rail(*self.studio.line(request.get("seed"), request.get("daring")))

    def garment(self, request: Json) -> Answer:
        """One garment."""
        garment = self._garment(request)
        pixels = self.studio.edit(garment, {})
        return {"seed": garment.seed, "pixels": encode(pixels)}

    def strip(self, request: Json) -> Answer:
        """Every step from a to b."""
        return {"pixels": encode(self.studio.strip(*self._pair(request)))}

    def blend(self, request: Json) -> Answer:
        """One garment between a and b."""
        a, b = self._pair(request)
        shape, pattern = request.get("shape"), request.get("pattern")
        pixels = self.studio.blend(a, b, shape=shape, pattern=pattern)
        return {"pixels": encode(pixels)}

    def edit(self, request: Json) -> Answer:
        """One garment moved along named directions."""
        garment = self._garment(request.get("garment"))
        return {"pixels": encode(self.studio.edit(garment, request.get("edits")))}

    def previews(self, request: Json) -> Answer:
        """Both ends and the middle of every control, and the garment as it was."""
        garment = self._garment(request.get("garment"))
        return {"pixels": encode(self.studio.previews(garment, request.get("edits")))}

    def picture(self, request: Json) -> Answer:
        """A garment as a PNG to keep."""
        garment = self._garment(request.get("garment"))
        return self._png(self.studio.edit(garment, {}), request, self._area(garment))

    def edit_picture(self, request: Json) -> Answer:
        """An adjusted garment as a PNG to keep."""
        garment = self._garment(request.get("garment"))
        pixels = self.studio.edit(garment, request.get("edits"))
        return self._png(pixels, request, self._area(garment))

    def blend_picture(self, request: Json) -> Answer:
        """A blend as a PNG to keep, its two dyes blended like its layers."""
        a, b = self._pair(request)
        given = (request.get("shape"), request.get("pattern"))
        coarse, fine = (0.5 if share is None else share for share in given)
        pixels = self.studio.blend(a, b, shape=coarse, pattern=fine)
        dyes = request.get("dyes")
        if not isinstance(dyes, Sequence) or len(dyes) != 2:
            raise ValueError("dyes must be a list of two")
        ramp = blend_ramps(find_dye(dyes[0]), find_dye(dyes[1]), (coarse + fine) / 2)
        area = (1 - coarse) * self._area(a) + coarse * self._area(b)
        return self._png(pixels, request, area, ramp)

    def thumbnails(self, garments: Sequence[Garment], pixels: np.ndarray) -> list[str]:
        """Small pictures in each garment's own dye, as addresses for an img element."""
        looks = [(find_dye(dye_of(g.label, g.seed)), self._area(g)) for g in garments]
        images = [
            _dyed(picture, THUMBNAIL_SIDE, ramp, area)
            for picture, (ramp, area) in zip(pixels, looks, strict=True)
        ]
        return [_address(image) for image in images]

    def _garment(self, recipe: object) -> Garment:
        fields = recipe if isinstance(recipe, Mapping) else {}
        return self.studio.garment(fields.get("label"), fields.get("seed"), fields.get("daring"))

    def _pair(self, request: Json) -> tuple[Garment, Garment]:
        return self._garment(request.get("a")), self._garment(request.get("b"))

    def _area(self, garment: Garment) -> int:
        names = self.studio.config.class_names
        return hole_area(names[garment.label] if names else "")

    def _png(
        self, pixels: np.ndarray, request: Json, area: float, ramp: Ramp | None = None
    ) -> Answer:
        if request.get("view") == "pixels":
            side = (PICTURE_SIDE, PICTURE_SIDE)
            image = to_image(pixels).resize(side, Image.Resampling.NEAREST)
        else:
            image = _dyed(pixels, PICTURE_SIDE, ramp or find_dye(request.get("dye")), area)
        return {"png": _address(image)}


def encode(pixels: np.ndarray) -> str:
    """Base64 of the network's bytes: smaller than a PNG's text, and no decoder may change them."""
    return base64.b64encode(pixels.tobytes()).decode()


def _rail(garments: Sequence[Garment], pixels: np.ndarray) -> Answer:
    return {
        "garments": [(garment.label, garment.seed) for garment in garments],
        "daring": garments[0].daring,
        "pixels": encode(pixels),
    }


def _dyed(pixels: np.ndarray, side: int, ramp: Ramp, area: float) -> Image.Image:
    """Cloth where the network made luminance; what it made in colour stays as it is."""
    if pixels.shape[-1] == 3:
        return to_image(pixels).resize((side, side), Image.Resampling.BICUBIC)
    return Image.fromarray(dye_cloth(pixels, side, ramp, area))


def _address(image: Image.Image) -> str:
    return f"data:image/png;base64,{base64.b64encode(to_png(image)).decode()}"
