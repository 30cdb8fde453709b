"""Values from outside: whole numbers, numbers and names, refused by field and value."""

import math
import reprlib
from collections.abc import Sequence


def whole_number(field: str, value: object, low: int, high: int) -> int:
    """Whole number in low..high; JSON does not tell 42 from 42.0, so neither does this.

    Raises:
        ValueError: naming the field and its value.
    """
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise ValueError(
            f"{field} must be a whole number in {low}..{high}, not {reprlib.repr(value)}"
        )
    return number


def number(field: str, value: object, low: float, high: float) -> float:
    """Number in low..high.

    Raises:
        ValueError: naming the field and its value.
    """
    given = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else value
    if not low <= given <= high:  # NaN is never between two numbers
        raise ValueError(
            f"{field} must be a number in {low:g}..{high:g}, not {reprlib.repr(value)}"
        )
    return float(given)


def names(field: str, value: object, most: int) -> list[str]:
    """A list of at most so many texts.

    Raises:
        ValueError: naming the field and its value.
    """
    given = value if isinstance(value, Sequence) and len(value) <= most else None
    if given is None or isinstance(value, str) or not all(isinstance(n, str) for n in given):
        raise ValueError(
            f"{field} must be a list of at most {most} names, not {reprlib.repr(value)}"
        )
    return list(given)
