"""Many pictures in one ZIP file, each with its recipe, safe to unpack anywhere."""

import csv
import io
import re
import reprlib
import unicodedata
import zipfile
from collections.abc import Sequence

from model.keepsake import AI_NOTICE, check_recipes

MAX_PICTURES = 200
MAX_PICTURE_BYTES = 8 * 2**20
MAX_ARCHIVE_BYTES = 128 * 2**20

INDEX_FILE = "index.csv"
"""File, name and recipe of every picture, for programs and spreadsheets."""

RECIPES_FILE = "recipes.txt"
"""The recipes, for people."""

Picture = tuple[str, bytes, str]
"""What it is called, its PNG file, its recipe."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that ZIP knows: a date would make equal files differ
_LONGEST_NAME = 200
_LONGEST_STEM = 60
_FORMULA = ("=", "+", "-", "@")
_DEVICES = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]|conin|conout|clock")


def pictures_zip(items: Sequence[Picture]) -> bytes:
    """A ZIP file of the pictures, `index.csv` and `recipes.txt`; the same bytes for the same input.

    Args:
        items: 1 to 200 pictures. Names become file names that every system can store, in letters
            and digits of any script; where two are alike, the later ones are numbered.

    Raises:
        ValueError: naming the picture and what is wrong with it.
    """
    if not 1 <= len(items) <= MAX_PICTURES:
        raise ValueError(f"items must be 1..{MAX_PICTURES} pictures, not {len(items)}")
    for number, item in enumerate(items):
        _check(number, *item)
    total = sum(len(png) for _, png, _ in items)
    if total > MAX_ARCHIVE_BYTES:
        raise ValueError(f"items must have at most {MAX_ARCHIVE_BYTES} bytes, not {total}")
    files = _file_names([name for name, _, _ in items])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, (_, png, _) in zip(files, items, strict=True):
            _add(archive, file, png, zipfile.ZIP_STORED)  # a PNG is packed already
        _add(archive, INDEX_FILE, _index(files, items).encode("utf-8-sig"))
        _add(archive, RECIPES_FILE, _recipes(files, items).encode())
    return buffer.getvalue()


def _check(number: int, name: object, png: object, recipe: object) -> None:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        told = f"name of picture {number} must be a text of at most {_LONGEST_NAME} characters"
        raise ValueError(f"{told}, not {reprlib.repr(name)}")
    if not isinstance(png, bytes) or not png.startswith(_SIGNATURE):
        raise ValueError(f"picture {number} must be a PNG file, not {reprlib.repr(png)}")
    if len(png) > MAX_PICTURE_BYTES:
        told = f"picture {number} must have at most {MAX_PICTURE_BYTES} bytes"
        raise ValueError(f"{told}, not {len(png)}")
    try:
        check_recipes(recipe)
    except ValueError as error:
        raise ValueError(f"picture {number}: {error}") from error


def _file_names(names: Sequence[str]) -> list[str]:
    """A file name for each, no two alike even where case does not count."""
    taken: set[str] = set()
    files = []
    for name in names:
        stem, number = _stem(name), 1
        file = f"{stem}.png"
        while file.casefold() in taken:
            number += 1
            file = f"{stem}-{number}.png"
        taken.add(file.casefold())
        files.append(file)
    return files


def _stem(name: str) -> str:
    """Letters and digits of a name, joined by hyphens; nothing that could be a path."""
    text = unicodedata.normalize("NFC", name.removesuffix(".png"))
    # Letters, digits and the marks that some scripts put on them.
    words = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text).split()
    stem = "-".join(words)[:_LONGEST_STEM].strip("-")
    if not stem or _DEVICES.fullmatch(stem.casefold()):
        return f"trama-{stem}".rstrip("-")
    return stem


def _index(files: Sequence[str], items: Sequence[Picture]) -> str:
    """A table; a name that a spreadsheet would take for a formula is marked as text."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(("file", "name", "recipe"))
    for file, (name, _, recipe) in zip(files, items, strict=True):
        plain = " ".join(name.split())
        cells = (plain, recipe)
        writer.writerow((file, *(f"'{c}" if c.startswith(_FORMULA) else c for c in cells)))
    return table.getvalue()


def _recipes(files: Sequence[str], items: Sequence[Picture]) -> str:
    lines = [f"{file}\n{recipe}\n" for file, (_, _, recipe) in zip(files, items, strict=True)]
    return "\n".join([f"{AI_NOTICE}\n", *lines])


def _add(
    archive: zipfile.ZipFile, name: str, content: bytes, packing: int = zipfile.ZIP_DEFLATED
) -> None:
    about = zipfile.ZipInfo(name, _DATE)
    about.compress_type, about.external_attr = packing, 0o644 << 16
    about.create_system = 3  # the same on every machine
    archive.writestr(about, content)
