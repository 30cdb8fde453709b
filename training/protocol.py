"""The protocol of the figures: how many garments of which set, and what is measured of them."""

import dataclasses
from typing import Any, Literal

from training.data import Split

Figure = dict[str, Any]
"""At least a `value`; `error` where there is one, and what else belongs to it."""


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How many of what. Figures of two protocols are never compared.

    Attributes:
        name: where the figures stand in `metrics.json`; "quick" ones stand at the top.
        against: the real garments on the other side.
        samples: generated garments, and training garments for the floor.
        cas_samples: pictures that train the classifiers of CAS; 0 leaves it out.
        sampling_seeds: how often everything is drawn and measured.
        cas_seeds: classifiers for CAS, dealt over the drawings.
        path_pairs: ways of the path lengths; 0 leaves them and the cost out.
        style_seeds: seeds drawn in all classes.
        left_out: what the full protocol has and this one has not.
    """

    name: Literal["full", "quick", "heldout"]
    against: Split
    samples: int
    cas_samples: int
    sampling_seeds: int
    cas_seeds: int
    path_pairs: int
    style_seeds: int
    left_out: str


FULL = Protocol("full", "test", 50_000, 55_000, 3, 3, 10_000, 1_000, "")
QUICK = Protocol(
    "quick", "test", 10_000, 10_000, 1, 1, 2_000, 200,
    "two of three drawings and of three classifiers; 50,000 garments for the distances and 55,000 "
    "for the classifier (10,000 each); 10,000 ways (2,000); 1,000 styles (200); real garments drawn "
    "again and filled in (--only reconstruction, --only completion)",
)  # fmt: skip
HELDOUT = Protocol(
    "heldout", "heldout", 5_000, 0, 1, 0, 0, 200,
    "the test garments, CAS, path lengths and cost: this serves choices",
)  # fmt: skip
HELDOUT_CAS = dataclasses.replace(
    HELDOUT,
    cas_samples=10_000,
    cas_seeds=2,
    left_out="the test garments, path lengths and cost: this serves choices",
)
