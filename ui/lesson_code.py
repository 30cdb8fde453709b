"""The lines behind the lesson: the very functions of this repository, as they are written."""

import ast
import functools
from pathlib import Path

from ui.desk import Answer

ROOT = Path(__file__).parent.parent
LINES: dict[str, tuple[tuple[str, str], ...]] = {
    "kinds": (
        ("model/classifier.py", "class_chances"),
        ("model/generator.py", "Generator.forward"),
    ),
    "noise": (("model/latents.py", "draw_z"), ("model/latents.py", "map_noise")),
    "critic": (
        ("model/discriminator.py", "Discriminator.forward"),
        ("model/opinion.py", "Critic._place"),
        ("model/neighbours.py", "Neighbours._search"),
    ),
    "duel": (("model/duel.py", "take_turns"), ("model/losses.py", "generator_loss")),
    "train": (("model/live.py", "Live.turn"), ("training/loop.py", "train_step")),
    "wrong": (
        ("training/alarms.py", "collapse_alarm"),
        ("training/alarms.py", "critic_alarm"),
        ("training/alarms.py", "non_finite_alarm"),
    ),
    "uses": (
        ("model/recipe.py", "mix"),
        ("model/export.py", "export_images"),
        ("model/completion.py", "complete"),
    ),
}
"""By part of the lesson: file and function; a method behind the name of its class."""


@functools.cache
def lesson_code() -> dict[str, list[Answer]]:
    """Text, file and line numbers of each function, read from the files themselves."""
    return {part: [read_function(*place) for place in places] for part, places in LINES.items()}


def read_function(file: str, name: str) -> Answer:
    """A function's text, from its first decorator to its last line.

    Files are read as text, as nothing of the page may import `training`.

    Raises:
        LookupError: the file has no such function.
    """
    source = (ROOT / file).read_text(encoding="utf-8")
    found: ast.AST = ast.parse(source)
    for part in name.split("."):
        below = ast.iter_child_nodes(found)
        kinds = (ast.FunctionDef, ast.ClassDef)
        named = [node for node in below if isinstance(node, kinds) and node.name == part]
        if not named:
            raise LookupError(f"{file} has no function {name}")
        found = named[0]
    if not isinstance(found, ast.FunctionDef) or found.end_lineno is None:
        raise LookupError(f"{file} has no function {name}")
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    lines = source.splitlines()[first - 1 : found.end_lineno]
    indent = len(lines[0]) - len(lines[0].lstrip())
    text = "\n".join(line[indent:] for line in lines)
    return {"file": file, "first": first, "last": found.end_lineno, "text": text}
