"""Replay: the training as a film, under any garment or line."""

import base64
import dataclasses
import threading
from collections import OrderedDict

import gradio as gr
from PIL import Image

from model.code import Code
from model.film import write_gif, write_mp4
from model.history import HISTORY_FOLDER, Film
from model.recipe import Recipe, RecipeError
from model.storage import ModelFolderError
from model.studio import Studio
from ui.desk import Answer, Desk, Json, describe, encode
from ui.film import KINDS, SIDE, FilmBusyError, on_paper
from ui.parts import screen
from ui.shelf import MAX_STUDIOS

FIRST_SEED = 4207
HELD_FRAMES = 6
"""Frames that a film stays at each moment; at its end twice as long."""

FPS = 10

_PATIENCE_SECONDS = 2


class Replay:
    """What the film asks the server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._films: OrderedDict[Studio, Film] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def moments(self, request: Json) -> Answer:
        """Moments of training: the images seen, R on held-out garments where measured, the best.

        `curves` are the losses in between, or None where the folder does not keep them.
        """
        del request
        film = self._film()
        told = [{"seen": moment.images_seen, "r": moment.r} for moment in film.moments]
        curves = dataclasses.asdict(film.curves) if film.curves else None
        return {"moments": told, "best": film.best, "curves": curves}

    def frames(self, request: Json) -> Answer:
        """A garment at every moment, and what the critic of today says of each.

        With a reason the nearest garment that every moment has: of a recipe that cannot be read its
        seed and class, of a garment from a picture a seed of its class.
        """
        garment, reason = self._garment(request)
        pixels, critic = self._film().strip(garment), self.desk.studio.critic
        opinions = critic.opinions(pixels, garment.label) if critic else []
        return {
            "garment": describe(garment),
            "pixels": encode(pixels),
            "scores": [round(opinion.score) for opinion in opinions],
            **reason,
        }

    def line_then(self, request: Json) -> Answer:
        """The whole line of a garment's seed at one moment."""
        garment, _ = self._garment(request)
        main = garment.main
        line = self.desk.studio.line(main.seed, main.daring)
        return {"pixels": encode(self._film().draw(line, self._moment(request)))}

    def save_film(self, request: Json) -> Answer:
        """A garment's training as a GIF or an MP4."""
        garment, kind = self._garment(request)[0], request.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {str(kind)[:40]!r}")
        cloths = [
            on_paper(self.desk.cloth(garment, pixels, SIDE))
            for pixels in self._film().strip(garment)
        ]
        frames = [cloth for cloth in (*cloths, cloths[-1]) for _ in range(HELD_FRAMES)]
        try:
            data = self._write(frames, kind, garment.text)
        except FilmBusyError as error:
            return {"error": str(error), "reason": "film_busy"}
        return {"file": f"data:{KINDS[kind]};base64,{base64.b64encode(data).decode()}"}

    def _write(self, frames: list[Image.Image], kind: str, about: str) -> bytes:
        """A file at a time: each takes a core for a second, and who waits holds a thread."""
        if not self._turn.acquire(timeout=_PATIENCE_SECONDS):
            raise FilmBusyError("another film must be made first: try again in a moment")
        try:
            write = write_gif if kind == "gif" else write_mp4
            return write(frames, FPS, about, there_and_back=False)
        finally:
            self._turn.release()

    def _garment(self, request: Json) -> tuple[Recipe, Answer]:
        """The garment of a request, or the nearest that has a past, with the reason."""
        studio, reason = self.desk.studio, {}
        if request.get("recipe") is None:
            return studio.garment(self.desk.label("Dress"), FIRST_SEED), {}
        try:
            garment = self.desk.recipe(request)
        except RecipeError as error:
            garment, reason = studio.nearest(request.get("recipe")), {"reason": error.reason}
        if any(isinstance(part.seed, Code) for part in garment.parts):
            garment = studio.garment(garment.label, FIRST_SEED)
            reason = {"reason": "film_photo"}
        return garment, reason

    def _moment(self, request: Json) -> int:
        moment, count = request.get("moment"), len(self._film().moments)
        if type(moment) is not int or not 0 <= moment < count:
            raise ValueError(f"moment must be in 0..{count - 1}, not {str(moment)[:40]!r}")
        return moment

    def _film(self) -> Film:
        studio = self.desk.studio
        with self._lock:
            film = self._films.get(studio)
            if film is None:
                try:
                    film = self._films[studio] = Film(studio.folder or "")
                except ModelFolderError as error:
                    raise ValueError(f"model has no film: {error}") from error
                if len(self._films) > MAX_STUDIOS:  # a shelf holds no more either
                    self._films.popitem(last=False)
            return film


def has_film(studio: Studio) -> bool:
    """Whether a model keeps moments of its training."""
    return studio.folder is not None and (studio.folder / HISTORY_FOLDER).is_dir()


def build(desk: Desk) -> gr.HTML:
    """The film of the training."""
    replay = Replay(desk)
    calls = [replay.moments, replay.frames, replay.line_then, replay.save_film]
    return screen("replay", calls, {})
