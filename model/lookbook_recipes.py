"""The recipes of a lookbook, as text that can be copied, beside small pictures."""

from collections.abc import Sequence

from model.lookbook_cut import Cut, draw_cut
from model.lookbook_layout import Box
from model.lookbook_paper import BODY, EDGE, INNER, LABEL, NAME, Paper, Style

_RECIPE = Style("sans", 7.5)
_COLUMN_WIDTH = (INNER - 14) / 2
_THUMB, _THUMB_GAP = 16.0, 5.0
_TEXT_WIDTH = _COLUMN_WIDTH - _THUMB - _THUMB_GAP
_NAME_LINE, _RECIPE_LINE, _RECIPE_STEP = 4.5, 9.0, 3.4
_ENTRY_GAP = 6.0
_WORD_GAP = 1.8


def draw_recipes(
    paper: Paper,
    head: tuple[str, str, str, str],
    cuts: Sequence[Cut],
    addresses: Sequence[str],
) -> None:
    """Pages of two columns, as even as whole entries allow.

    Args:
        paper: what to draw on.
        head: title, lead and foot of each page.
        cuts: the pieces.
        addresses: where each recipe leads; nowhere if empty.
    """
    lines = [_break_recipe(paper, cut.piece.recipe) for cut in cuts]
    heights = [max(_THUMB, _RECIPE_LINE + len(broken) * _RECIPE_STEP) for broken in lines]
    for number, column in enumerate(_even_columns(heights)):
        if number % 2 == 0:
            paper.turn(*head)
        left = EDGE if number % 2 == 0 else EDGE + INNER - _COLUMN_WIDTH
        top = BODY.y
        for entry in column:
            box = Box(left, top, _COLUMN_WIDTH, heights[entry])
            _draw_entry(paper, cuts[entry], lines[entry], box)
            if addresses[entry]:
                paper.link(box, addresses[entry], cuts[entry].told)
            top += heights[entry] + _ENTRY_GAP


def _draw_entry(paper: Paper, cut: Cut, lines: Sequence[str], box: Box) -> None:
    """A small picture, the name, and the recipe in as many lines as it takes."""
    scale = _THUMB / max(cut.size)
    width, height = (scale * side for side in cut.size)
    picture = Box(box.x + (_THUMB - width) / 2, box.y + (_THUMB - height) / 2, width, height)
    paper.picture(picture, draw_cut(cut, width), cut.told)
    x = box.x + _THUMB + _THUMB_GAP
    end = paper.write_within(x, box.y + _NAME_LINE, _TEXT_WIDTH, cut.piece.name, NAME) + _WORD_GAP
    left_over = max(box.x + box.width - end, 0.0)
    if cut.piece.caption and left_over > _WORD_GAP:
        paper.write_within(end, box.y + _NAME_LINE, left_over, cut.piece.caption, LABEL)
    for number, line in enumerate(lines):
        paper.write(x, box.y + _RECIPE_LINE + number * _RECIPE_STEP, line, _RECIPE)


def _break_recipe(paper: Paper, recipe: str) -> list[str]:
    """Lines that joined are the recipe: nothing is added where one ends."""
    rest, lines = paper.plain(recipe), []
    while rest:
        lines.append(paper.cut(rest, _TEXT_WIDTH, _RECIPE))
        rest = rest[len(lines[-1]) :]
    return lines


def _even_columns(heights: Sequence[float]) -> list[list[int]]:
    """Numbers of entries by column: as few pages of two columns as do, and those as even."""
    columns = _fill_columns(heights, BODY.height)
    most = len(columns) + len(columns) % 2
    for height in range(int(BODY.height), int(max(heights)), -1):
        lower = _fill_columns(heights, height)
        if len(lower) > most:
            break
        columns = lower
    return columns


def _fill_columns(heights: Sequence[float], height: float) -> list[list[int]]:
    columns: list[list[int]] = []
    free = -1.0
    for number, needed in enumerate(heights):
        if needed > free:
            columns.append([])
            free = height
        columns[-1].append(number)
        free -= needed + _ENTRY_GAP
    return columns
