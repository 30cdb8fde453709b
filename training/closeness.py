"""python -m training.closeness: how far real test garments are from their nearest training garment.

Writes the scale on which `model.neighbours` calls a garment new or close to a training item.
"""

import json
import sys

import numpy as np

from model.neighbours import SCALE_FILE, Neighbours
from model.storage import write_atomically
from training.data import ImageSet, load_fashion_mnist

LEVELS = 101
_CLASSES = 10


def measure(neighbours: Neighbours, test: ImageSet, count: int) -> np.ndarray:
    """Quantiles [classes, LEVELS] over the first `count` test garments of each class."""
    rows = []
    for label in range(_CLASSES):
        pixels = test.pixels[test.labels == label][:count].numpy()
        distances = [neighbours.nearest(one, label, 1).garments[0].distance for one in pixels]
        rows.append(np.quantile(distances, np.linspace(0, 1, LEVELS)))
    return np.stack(rows)


def main() -> int:
    """Run the command; returns the exit status."""
    try:
        rows = measure(Neighbours.open(), load_fashion_mnist("test"), 1_000)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    lines = ",\n".join(json.dumps([round(float(v), 4) for v in row]) for row in rows)
    write_atomically(SCALE_FILE, f'{{"quantiles": [\n{lines}\n]}}\n'.encode())
    print(f"{SCALE_FILE.name}: median by class {[round(float(row[50]), 3) for row in rows]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
