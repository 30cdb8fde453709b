"""Bytes that the page sends inside JSON, in base64."""

import base64
import binascii
import reprlib

from ui.desk import Json

LONGEST = 2**20
"""Characters: the page sends photos of 512 px at most, a tenth of it."""


def read_bytes(request: Json, field: str, count: int | None = None) -> bytearray:
    """A field of the request, of exactly `count` bytes if that is given; the caller may write in it.

    Raises:
        ValueError: it is no text, no base64, or too long; names the field and the value.
    """
    given = request.get(field)
    length = f"at most {LONGEST} characters" if count is None else f"{count} bytes"
    told = f"{field} must be base64 of {length}, not {reprlib.repr(given)}"
    if not isinstance(given, str) or len(given) > LONGEST:
        raise ValueError(told)
    try:
        data = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(told) from error
    if count is not None and len(data) != count:
        raise ValueError(told)
    return bytearray(data)
