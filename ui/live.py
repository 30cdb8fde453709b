"""Trainings that visitors start and watch: one at a time, the others in a queue that they see."""

import base64
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from model.lesson import read_garments
from model.live import MAX_SECONDS, Knobs, Moment, train_live
from ui.desk import Answer, Json

MAX_WAITING = 12
"""Visitors in the queue: the last waits some six minutes; one more is told to come back."""

FORGOTTEN_SECONDS = 6.0
"""A page that has not asked for so long is gone: its training ends, its place is free."""

_NICENESS = 10
Train = Callable[[Knobs], Iterator[Moment]]


@dataclass(eq=False)
class Run:
    """A visitor's training: what it is of, when it was last asked for, what was not yet told."""

    knobs: Knobs
    asked_at: float = field(default_factory=time.monotonic)
    moments: list[Moment] = field(default_factory=list)
    stopped: bool = False
    failed: bool = False

    @property
    def gone(self) -> bool:
        """Whether nobody looks any more."""
        return self.stopped or time.monotonic() - self.asked_at > FORGOTTEN_SECONDS


class Stage:
    """One place to train at and a queue before it; safe from many threads. Nothing is kept."""

    def __init__(self, train: Train | None = None) -> None:
        self._train = train or (lambda knobs: train_live(read_garments(), knobs))
        self._runs: dict[str, Run] = {}  # in the order of the queue; the first is at work
        self._lock = threading.Lock()
        self._working = False

    def train(self, request: Json) -> Answer:
        """Take a place in the queue: the answer holds the training's name and how long it may be."""
        given = {
            name: request[name]
            for name in ("learning_rate", "critic_strength", "penalty")
            if name in request
        }
        run = Run(Knobs(**given))
        with self._lock:
            self._drop_gone()
            if len(self._runs) > MAX_WAITING:
                return {"error": "too many visitors are training", "reason": "train_busy"}
            name = secrets.token_urlsafe(12)
            self._runs[name] = run
            self._see_to_work()
        return {"job": name, "seconds": MAX_SECONDS}

    def train_step(self, request: Json) -> Answer:
        """The place in the queue, 0 at work, and what happened since the page last asked."""
        with self._lock:
            name = request.get("job")
            run = self._runs.get(name) if isinstance(name, str) else None
            if run is None:
                raise ValueError("job must be a training that is under way")
            run.asked_at = time.monotonic()
            self._drop_gone()
            self._see_to_work()
            moments, run.moments = run.moments, []
            done = run.failed or bool(moments and moments[-1].ended)
            waiting = [other for other in self._runs.values() if not _over(other)]
            place = waiting.index(run) if run in waiting else 0
            if done:
                del self._runs[str(name)]
        return {"place": place, "done": done, "failed": run.failed, **_told(moments)}

    def train_stop(self, request: Json) -> Answer:
        """Leave; of an unknown training there is nothing to stop."""
        with self._lock:
            name = request.get("job")
            run = self._runs.pop(name, None) if isinstance(name, str) else None
        if run:
            run.stopped = True
        return {"stopped": run is not None}

    def _see_to_work(self) -> None:
        if not self._working:
            self._working = True
            threading.Thread(target=self._work, name="trama-live", daemon=True).start()

    def _work(self) -> None:
        """Train for whoever is first until nobody is left."""
        _step_back()
        try:
            while run := self._first():
                self._perform(run)
        finally:
            with self._lock:
                self._working = False

    def _first(self) -> Run | None:
        with self._lock:
            self._drop_gone()
            return next((run for run in self._runs.values() if not _over(run)), None)

    def _perform(self, run: Run) -> None:
        """Train until it ends by itself or nobody looks; what is raised ends it as failed."""
        finished = False
        try:
            for moment in self._train(run.knobs):
                with self._lock:
                    run.moments.append(moment)
                if run.gone:
                    break
            finished = True
        finally:
            run.failed = not finished

    def _drop_gone(self) -> None:
        for name in [name for name, run in self._runs.items() if run.gone]:
            self._runs.pop(name).stopped = True


def _over(run: Run) -> bool:
    return run.failed or bool(run.moments and run.moments[-1].ended)


def _told(moments: list[Moment]) -> Answer:
    """The last sheet, and the losses of all steps since the one before."""
    if not moments:
        return {"critic": [], "generator": []}
    last = moments[-1]
    return {
        "critic": [_finite(loss) for moment in moments for loss in moment.critic_losses],
        "generator": [_finite(loss) for moment in moments for loss in moment.generator_losses],
        "pixels": base64.b64encode(last.sheet.tobytes()).decode(),
        "images_seen": last.images_seen,
        "seconds": last.seconds,
        "ended": last.ended,
    }


def _finite(loss: float) -> float:
    """Three digits, and no number that JSON does not have."""
    return round(min(max(loss, -1e6), 1e6), 3)


def _step_back() -> None:
    """Let other visitors' garments go first: this thread, and not the page, becomes nicer."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
