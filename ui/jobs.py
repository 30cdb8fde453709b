"""Long calls: a page starts one, asks for its progress until it is done, and may stop it."""

import dataclasses
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from ui.desk import Answer

WORKERS = 2
MOST = 24
"""Jobs at work, waiting or not yet fetched; one more is refused."""

DEADLINE_SECONDS = 30
FORGOTTEN_SECONDS = 15
"""A page that has not asked for so long is gone: its job is stopped and dropped."""


class JobBusyError(ValueError):
    """So many jobs wait that one more would keep its visitor waiting too long."""


@dataclasses.dataclass(eq=False)
class Job:
    """What work and page share: how far it is, what can be seen already, and whether to stop."""

    progress: float = 0.0
    seen: Answer = dataclasses.field(default_factory=dict)
    ended: threading.Event = dataclasses.field(default_factory=threading.Event)
    asked_at: float = dataclasses.field(default_factory=time.monotonic)
    began_at: float | None = None

    @property
    def stopped(self) -> bool:
        """Whether the work should end with what it has."""
        now = time.monotonic()
        late = self.began_at is not None and now - self.began_at > DEADLINE_SECONDS
        return self.ended.is_set() or late or now - self.asked_at > FORGOTTEN_SECONDS

    def tell(self, progress: float, **seen: object) -> None:
        """Say how far the work is, 0 to 1, and what of it can be shown."""
        self.progress, self.seen = progress, seen


class Jobs:
    """Work in threads of its own, found again by a name that cannot be guessed."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="trama-jobs")
        self._jobs: dict[str, tuple[Job, Future[Answer]]] = {}
        self._lock = threading.Lock()

    def start(self, work: Callable[[Job], Answer]) -> Answer:
        """Begin, or wait for a place; the answer holds the job's name.

        Raises:
            JobBusyError: too many wait.
        """
        job = Job()

        def begin() -> Answer:
            job.began_at = time.monotonic()
            return {} if job.stopped else work(job)

        with self._lock:
            self._drop_forgotten()
            if len(self._jobs) >= MOST:
                raise JobBusyError("too many pictures are being worked at; ask again in a moment")
            name = secrets.token_urlsafe(12)
            self._jobs[name] = job, self._pool.submit(begin)
        return {"job": name}

    def step(self, name: object) -> Answer:
        """How far a job is; once it is done, its answer, for this one time.

        Raises:
            ValueError: no such job, or what the work raised.
        """
        with self._lock:
            found = self._jobs.get(name) if isinstance(name, str) else None
            if found is None:
                raise ValueError("job must be one that was started and not yet fetched")
            job, future = found
            job.asked_at = time.monotonic()
            if not future.done():
                return {"done": False, "progress": job.progress, **job.seen}
            del self._jobs[str(name)]
        return {"done": True, **future.result()}

    def stop(self, name: object) -> Answer:
        """Let a job end with what it has; of an unknown one there is nothing to stop."""
        with self._lock:
            found = self._jobs.get(name) if isinstance(name, str) else None
        if found:
            found[0].ended.set()
        return {"stopped": found is not None}

    def _drop_forgotten(self) -> None:
        now = time.monotonic()
        for name, (job, future) in list(self._jobs.items()):
            if now - job.asked_at > FORGOTTEN_SECONDS:
                future.cancel()
                del self._jobs[name]
