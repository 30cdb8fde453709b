"""The endpoint that fills in what is missing of a picture that a caller brings."""

import contextlib
import reprlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import gradio as gr
from gradio.data_classes import ListFiles
from gradio.utils import get_upload_folder

from model.completion import DEFAULT_COUNT, DEFAULT_DIFFERENT, complete
from model.completion_files import read_torn
from model.keepsake import mark_png
from model.pixels import to_image
from ui.desk import Desk
from ui.endpoint_files import send_file


class Completion:
    """Several files for each call; what came in is gone when it ends."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def complete(
        self,
        picture: gr.FileData,
        mask: gr.FileData | None = None,
        count: int = DEFAULT_COUNT,
        different: float = DEFAULT_DIFFERENT,
        label: str | None = None,
        seed: int = 0,
    ) -> ListFiles:
        """Different garments that agree on the known part of a picture; both files are deleted.

        Args:
            picture: PNG, JPEG, WebP, BMP, GIF or TIFF of the model's own size, light on black.
            mask: picture of the same size, white where the other one is missing; null to complete
                what is transparent.
            count: how many completions, 4 to 8.
            different: how much they differ, 0 to 1.
            label: class by number or name; null for what the known part looks like.
            seed: whole number in 0..4294967295; another one gives others.

        Returns:
            PNG files of the model's size, those of the likeliest class first; the known part is the
            picture's own, and each says that it is AI-generated in part.
        """
        generator, encoder = self.desk.studio.generator, self.desk.studio.encoder
        with brought(picture=picture, mask=mask) as places:
            torn = read_torn(generator, places["picture"], places.get("mask"))
        made = complete(
            generator, torn.pixels, torn.hidden, count, different, label, seed, encoder=encoder
        )
        files = [
            send_file(mark_png(to_image(pixels)), f"trama-{place}.png", "image/png")
            for place, pixels in enumerate(made.pixels, start=1)
        ]
        return ListFiles(root=files)


@contextlib.contextmanager
def brought(**files: object) -> Iterator[dict[str, Path]]:
    """Places of the files that a caller uploaded, by field; whatever happens, they are deleted.

    Args:
        files: by field; None where there is none. Gradio hands them over as they came, so that a
            caller may name any file of this machine: only what was uploaded is touched.

    Raises:
        ValueError: naming the field that is no uploaded file.
    """
    given = {field: file for field, file in files.items() if file is not None}
    found = {field: _find(file) for field, file in given.items()}
    places = {field: place for field, place in found.items() if place is not None}
    try:
        for field, file in given.items():
            if field not in places:
                raise ValueError(f"{field} must be an uploaded file, not {reprlib.repr(file)}")
        if "picture" not in given:
            raise ValueError("picture must be an uploaded file, not None")
        yield places
    finally:
        for place in places.values():
            place.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # another file is in the folder
                place.parent.rmdir()


def _find(file: object) -> Path | None:
    """Where an uploaded file lies, or None for anything else."""
    path = file.get("path") if isinstance(file, Mapping) else getattr(file, "path", None)
    if not isinstance(path, str) or "\0" in path:
        return None
    place, folder = Path(path).resolve(), Path(get_upload_folder()).resolve()
    inside = place.is_relative_to(folder) and place.parent != folder
    return place if inside and place.is_file() else None
