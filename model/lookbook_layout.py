"""Where things lie on a lookbook's sheet: one large piece on the left, the rest in a grid."""

from collections.abc import Sequence
from dataclasses import dataclass

_STAR_SHARES = ((1, 0.5), (2, 0.56), (4, 0.44), (6, 0.4), (9, 0.36), (14, 0.32), (19, 0.28))
"""Share of the width that the large piece takes beside up to so many others."""

_STAR_HEIGHT = 0.94  # of what there is: it needs some air above
_STANDING = 0.2
_STAR_SIDES = 9.0
_FEW_COLUMNS, _COLUMN_GAPS = 3, (9.0, 6.0)
_ROW_GAP, _WIDEST_ROW_GAP = 4.5, 16.0
_STAR_GAP = 12.0
_LONELY = 0.3
_LARGEST_REST = 0.8
"""How large the others are drawn at most, in parts of the large one: it stays the star."""


@dataclass(frozen=True)
class Box:
    """A rectangle on the page, in millimetres from its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Place:
    """Where a piece lies, and the box of its caption below, in which text is centred."""

    picture: Box
    caption: Box


def arrange(
    sizes: Sequence[tuple[float, float]], area: Box, star_caption: float, caption: float
) -> list[Place]:
    """Places of pieces, the first of them large.

    The others share one scale, so that a sandal is as large beside a coat as the network drew it;
    a row is as high as its highest piece, and all pieces of a row stand on one ground.

    Args:
        sizes: width and height of what is to be seen of each piece, in parts of its frame.
        area: for all of them and their captions.
        star_caption: height of the caption of the large piece.
        caption: height of the captions of the others.
    """
    rest = sizes[1:]
    if not rest:
        return [_place_star(sizes[0], area, star_caption)[0]]
    share = next(share for most, share in _STAR_SHARES if len(rest) <= most)
    widest = share * (area.width - _STAR_GAP)
    star, _ = _place_star(sizes[0], Box(area.x, area.y, widest, area.height), star_caption)
    taken = min(widest, star.picture.width + 2 * _STAR_SIDES)  # a narrow star leaves some of it
    star, star_scale = _place_star(sizes[0], Box(area.x, area.y, taken, area.height), star_caption)
    x = area.x + taken + _STAR_GAP
    right = Box(x, area.y, area.x + area.width - x, area.height)
    columns = max(range(1, len(rest) + 1), key=lambda c: _worth(rest, c, right, caption))
    scale = min(_scale(rest, columns, right, caption), _LARGEST_REST * star_scale)
    stands = star.caption.y + star.caption.height > area.y + area.height - 1
    return [star, *_place_rest(rest, columns, scale, right, caption, stands)]


def _place_star(size: tuple[float, float], area: Box, caption: float) -> tuple[Place, float]:
    """The large piece, its caption below it, and its scale.

    A tall one stands on the ground of the last row; a broad one, which leaves much room above and
    below, lies in the middle.
    """
    room = area.height - caption
    scale = min(area.width / size[0], _STAR_HEIGHT * room / size[1])
    width, height = size[0] * scale, size[1] * scale
    spare = room - height
    top = area.y + (spare if spare < _STANDING * room else spare / 2)
    picture = Box(area.x + (area.width - width) / 2, top, width, height)
    return Place(picture, Box(area.x, top + height, area.width, caption)), scale


def _rows(sizes: Sequence[tuple[float, float]], columns: int) -> list[list[tuple[float, float]]]:
    return [list(sizes[start : start + columns]) for start in range(0, len(sizes), columns)]


def _column_gap(columns: int) -> float:
    return _COLUMN_GAPS[columns > _FEW_COLUMNS]


def _scale(sizes: Sequence[tuple[float, float]], columns: int, area: Box, caption: float) -> float:
    """Millimetres of a whole frame at which all rows and columns fit."""
    rows = _rows(sizes, columns)
    gap = _column_gap(columns)
    column_width = (area.width + gap) / columns - gap
    free = area.height - len(rows) * caption - (len(rows) - 1) * _ROW_GAP
    heights = sum(max(height for _, height in row) for row in rows)
    return min(column_width / max(width for width, _ in sizes), free / heights)


def _worth(sizes: Sequence[tuple[float, float]], columns: int, area: Box, caption: float) -> float:
    """Scale with so many columns, less where the last row is left with gaps."""
    gaps = -len(sizes) % columns
    return _scale(sizes, columns, area, caption) * (1 - _LONELY * gaps / columns)


def _place_rest(
    sizes: Sequence[tuple[float, float]],
    columns: int,
    scale: float,
    area: Box,
    caption: float,
    stand: bool,
) -> list[Place]:
    """Rows from top to bottom; what height is left opens them, but not wide.

    The last stands at the bottom of the area, or all in the middle of it.
    """
    rows = _rows(sizes, columns)
    heights = [scale * max(height for _, height in row) + caption for row in rows]
    left_over = area.height - sum(heights)
    opened = min(left_over / max(len(rows) - 1, 1), _WIDEST_ROW_GAP)
    above = left_over - opened * (len(rows) - 1)
    top = area.y + (above if stand else above / 2)
    gap = _column_gap(columns)
    step = (area.width + gap) / columns
    places = []
    for row, height in zip(rows, heights, strict=True):
        ground = top + height - caption
        for number, (width, tall) in enumerate(row):
            cell = Box(area.x + number * step, ground, step - gap, caption)
            x = cell.x + (cell.width - width * scale) / 2
            picture = Box(x, ground - tall * scale, width * scale, tall * scale)
            places.append(Place(picture, cell))
        top += height + opened
    return places
