"""python -m training.sample [FILE]: some garments of the test set, to ship with the page.

Writes a grey PNG with a row for each class, and beside it a text of the same name that says where
they come from and under which licence. The same garments each time.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from model.pixels import to_png
from model.storage import write_atomically
from model.test_garments import MAX_EACH, SIZE, TEST_GARMENTS
from training.data import DataError, ImageSet, load_fashion_mnist

EACH = 50
_SEED = 20
_ABOUT = """# Real garments

`{name}` holds {count} garments of Fashion-MNIST's **test** set, {each} of each class: a row for each
class in the order of the labels, drawn by chance (`python -m training.sample` draws the same ones
again). No network of this repository has learned from them.

Fashion-MNIST is by Zalando SE (Han Xiao, Kashif Rasul, Roland Vollgraf, arXiv 1708.07747;
https://github.com/zalandoresearch/fashion-mnist) and under the MIT licence:

> The MIT License (MIT) Copyright © 2017 Zalando SE, https://tech.zalando.com
>
> Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
> associated documentation files (the "Software"), to deal in the Software without restriction,
> including without limitation the rights to use, copy, modify, merge, publish, distribute,
> sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
> furnished to do so, subject to the following conditions:
>
> The above copyright notice and this permission notice shall be included in all copies or
> substantial portions of the Software.
>
> THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
> NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
> NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
> DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
> OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def draw_sample(garments: ImageSet, each: int = EACH, seed: int = _SEED) -> np.ndarray:
    """Sheet uint8 [classes * 28, each * 28] of `each` garments a class, drawn by chance.

    Raises:
        ValueError: a class has fewer, or `each` is out of 1..100.
    """
    if not 1 <= each <= MAX_EACH:
        raise ValueError(f"each must be in 1..{MAX_EACH}, not {each}")
    chance = np.random.Generator(np.random.Philox(seed))
    labels, pixels = garments.labels.numpy(), garments.pixels.numpy()[..., 0]
    rows = []
    for label, name in enumerate(garments.class_names):
        places = np.flatnonzero(labels == label)
        if len(places) < each:
            raise ValueError(f"each must be at most {len(places)} for {name}, not {each}")
        rows.append(pixels[np.sort(chance.choice(places, each, replace=False))])
    tiles = np.stack(rows)  # [classes, each, 28, 28]
    return tiles.transpose(0, 2, 1, 3).reshape(len(rows) * SIZE, each * SIZE)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.sample", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=TEST_GARMENTS)
    parser.add_argument("--each", type=int, default=EACH, help=f"of a class (default {EACH})")
    options = parser.parse_args(arguments)
    try:
        sheet = draw_sample(load_fashion_mnist("test"), options.each)
    except (DataError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    png = to_png(Image.fromarray(sheet), optimize=True)
    about = _ABOUT.format(
        name=options.file.name, count=sheet.size // SIZE**2, each=sheet.shape[1] // SIZE
    )
    options.file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(options.file, png)
    write_atomically(options.file.with_suffix(".md"), about.encode())
    print(f"{options.file}: {sheet.size // SIZE**2} garments, {len(png):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
