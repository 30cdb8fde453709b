"""Your photo: from a picture of a garment to what the network knows, and to the garment it weaves."""

import base64
import weakref

import gradio as gr
import numpy as np

from model.checks import whole_number
from model.code import Code, CodeError, class_means
from model.dye import find_dye
from model.inversion import MAX_NUMBERS, Step
from model.inverter import Inversion, Inverter
from model.latents import render
from model.photo import read_photo
from model.photo_corrections import Corrections
from model.photo_open import PhotoError
from model.recipe import Recipe
from model.studio import Studio
from ui.desk import Answer, Desk, Json, describe, encode
from ui.fill import Fill
from ui.jobs import Job, JobBusyError, Jobs
from ui.parts import HERE, screen
from ui.payload import read_bytes

SAMPLES = HERE / "samples"
"""Small photos of our own making, for who has none at hand."""

_SHOWN_EVERY = 6
_inverters: weakref.WeakKeyDictionary[Studio, Inverter] = weakref.WeakKeyDictionary()


class Photo:
    """What the screen asks the server: to read a photo, to weave it, how far it is, to stop."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        self.desk, self.jobs = desk, jobs

    def read_photo(self, request: Json) -> Answer:
        """A photo in base64 as the network knows it, and what was done to it.

        `problem` in its place is a word for why no garment can be read from it.
        """
        config = self.desk.studio.config
        corrections = Corrections.read(request.get("corrections", {}))
        try:
            reading = read_photo(
                bytes(read_bytes(request, "photo")), corrections, config.image_size
            )
        except PhotoError as error:
            return {"problem": error.reason, "detail": str(error)}
        return {
            "pixels": encode(reading.in_channels(config.image_channels)),
            "before": encode(reading.before(config.image_channels)),
            "box": reading.box,
            "tilt": reading.tilt,
            "inverted": reading.inverted,
            "background": reading.background,
            "sure": reading.sure,
            "dye": reading.dye,
            "animated": reading.opened.animated,
        }

    def weave_photo(self, request: Json) -> Answer:
        """Begin to look for the garment that is nearest to what was read: names the job."""
        studio = self.desk.studio
        size, channels = studio.config.image_size, studio.config.image_channels
        given = read_bytes(request, "pixels", size * size * channels)
        pixels = np.frombuffer(given, np.uint8).reshape(size, size, channels)
        label, most = request.get("label"), max(studio.config.num_classes, 1) - 1
        known = None if label is None else whole_number("label", label, 0, most)
        dye = request.get("dye")
        check_weaving(studio, dye)
        inverter = inverter_of(studio)
        try:
            return self.jobs.start(lambda job: _weave(studio, inverter, pixels, known, dye, job))
        except JobBusyError as error:
            return {"error": str(error), "reason": "photo_busy"}

    def weave_step(self, request: Json) -> Answer:
        """How far a job is and what it has come to; once done, the garments at both ends."""
        return self.jobs.step(request.get("job"))

    def weave_stop(self, request: Json) -> Answer:
        """Let a job end with what it has."""
        return self.jobs.stop(request.get("job"))


def inverter_of(studio: Studio) -> Inverter:
    """One for each studio: it measures its model once."""
    if studio not in _inverters:
        critic = studio.critic.discriminator if studio.critic else None
        _inverters[studio] = Inverter(studio.generator, studio.encoder, critic=critic)
    return _inverters[studio]


def both_ends(studio: Studio, found: Inversion, dye: object) -> list[Recipe]:
    """The garment that comes closest, with a w for each layer, and the one that edits best."""
    return [
        studio.from_code(found.label, Code.of(studio.generator, found.label, w), 1, dye)
        for w in (found.ws, found.w)
    ]


def can_weave(studio: Studio) -> bool:
    """Whether a garment of this model can be found from a picture and written in a recipe."""
    generator, config = studio.generator, studio.config
    if config.num_layers * config.w_dim > MAX_NUMBERS:
        return False
    try:
        Code.of(generator, 0, class_means(generator)[0].expand(config.num_layers, -1))
    except CodeError:
        return False
    return True


def check_weaving(studio: Studio, dye: object) -> None:
    """Refuse before a garment is looked for what could not be written when it is found.

    Raises:
        ValueError: naming the dye, or saying that no garment of this model can be written.
    """
    if dye is not None:
        find_dye(dye)
    if not can_weave(studio):
        raise ValueError("this model's garments cannot be written from a picture")


def photo_setup(studio: Studio) -> Answer:
    """What the screen's script knows of a model."""
    reach = studio.encoder.reach if studio.encoder else None
    return {
        "encoder": studio.encoder is not None,
        "weaves": can_weave(studio),
        "reach": [reach.per_layer, reach.one_w] if reach else None,
        "samples": [
            (path.stem, f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}")
            for path in sorted(SAMPLES.glob("*.jpg"))
        ],
    }


def build(desk: Desk) -> gr.HTML:
    """A photo, what the network sees of it and what it weaves; then what is erased and completed."""
    jobs = Jobs()
    photo, fill = Photo(desk, jobs), Fill(desk, jobs)
    calls = [
        photo.read_photo, photo.weave_photo, photo.weave_step, photo.weave_stop,
        fill.complete, fill.complete_step, fill.complete_stop, fill.completed_picture,
    ]  # fmt: skip
    return screen("photo", calls, photo_setup(desk.studio))


def first(desk: Desk) -> Answer:
    """What the screen opens with for the model of a link."""
    return photo_setup(desk.studio)


def _weave(
    studio: Studio,
    inverter: Inverter,
    pixels: np.ndarray,
    label: int | None,
    dye: object,
    job: Job,
) -> Answer:
    """The garment that is nearest to pixels [H, W, C], at both ends; tells of the way."""

    def tell(number: int, step: Step) -> None:
        if number % _SHOWN_EVERY and number + 1 < inverter.steps:
            return
        seen = encode(render(studio.generator, step.ws, 1))
        job.tell((number + 1) / inverter.steps, pixels=seen)

    found = inverter.invert(pixels, label, tell, lambda: job.stopped)
    recipes = both_ends(studio, found, dye)
    return {
        "garments": [describe(recipe) for recipe in recipes],
        "pixels": encode(studio.draw(recipes)),
        "verdict": found.verdict,
    }
