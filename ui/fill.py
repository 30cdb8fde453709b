"""Erase and complete: several ways to fill in what a visitor erased, as a job of its own."""

import numpy as np

from model.checks import number, whole_number
from model.code import Code
from model.completion import FEWEST, MOST, STEPS, check_hidden, complete
from model.inversion import Step
from model.keepsake import stamp_png
from model.latents import MAX_SEED
from model.studio import Studio
from ui.desk import PICTURE_SIDE, Answer, Desk, Json, describe, encode, png_address
from ui.jobs import Job, JobBusyError, Jobs
from ui.payload import read_bytes


class Fill:
    """What the eraser asks the server: to begin, how far it is, to stop, and a file."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        self.desk, self.jobs = desk, jobs

    def complete(self, request: Json) -> Answer:
        """Begin to complete a picture: the answer names the job."""
        studio = self.desk.studio
        pixels = _pixels(studio, request)
        hidden = _mask(studio, request)
        count = whole_number("count", request.get("count"), FEWEST, MOST)
        different = number("different", request.get("different"), 0, 1)
        seed = whole_number("seed", request.get("seed"), 0, MAX_SEED)

        def work(job: Job) -> Answer:
            def tell(place: int, _: Step) -> None:
                job.tell((place + 1) / STEPS)

            def stopped() -> bool:
                return job.stopped

            made = complete(
                studio.generator,
                pixels,
                hidden,
                count,
                different,
                None,
                seed,
                tell,
                stopped,
                studio.encoder,
            )
            codes = [
                Code.of(studio.generator, label, ws)
                for label, ws in zip(made.labels, made.ws, strict=True)
            ]
            recipes = [studio.from_code(code.label, code) for code in codes]
            answer: Answer = {
                "garments": [describe(recipe) for recipe in recipes],
                "pixels": encode(made.pixels),
            }
            if studio.critic is not None:
                opinions = studio.critic.opinions(made.pixels, list(made.labels))
                answer["opinions"] = [{"score": o.score, "word": o.word} for o in opinions]
            return answer

        try:
            return self.jobs.start(work)
        except JobBusyError as error:
            return {"error": str(error), "reason": "job_busy"}

    def complete_step(self, request: Json) -> Answer:
        """How far a job is, or the garments: their pixels are the completed ones."""
        return self.jobs.step(request.get("job"))

    def complete_stop(self, request: Json) -> Answer:
        """Let a job be."""
        return self.jobs.stop(request.get("job"))

    def completed_picture(self, request: Json) -> Answer:
        """A completed picture as a PNG to keep, in the dye of its recipe."""
        recipe = self.desk.recipe(request)
        image = self.desk.cloth(recipe, _pixels(self.desk.studio, request), PICTURE_SIDE)
        return {"png": png_address(stamp_png(image, recipe.text))}


def _pixels(studio: Studio, request: Json) -> np.ndarray:
    """Pixels [H, W, C] of the request."""
    size, channels = studio.config.image_size, studio.config.image_channels
    given = read_bytes(request, "pixels", size * size * channels)
    return np.frombuffer(given, dtype=np.uint8).reshape(size, size, channels)


def _mask(studio: Studio, request: Json) -> np.ndarray:
    """What of the picture is missing, bool [H, W]; some of it, and not all."""
    size = studio.config.image_size
    given = np.frombuffer(read_bytes(request, "mask", size * size), dtype=np.uint8)
    hidden = given.reshape(size, size) > 0
    return check_hidden(studio.generator, hidden)
