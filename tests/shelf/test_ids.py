"""Which ids visitors may give at all: parsed strictly, listed by the operator."""

import os
import random

import pytest

from tests.shelf.conftest import refusal
from ui.shelf import Shelf
from ui.shelf_rules import ShelfError, ShelfRules, parse_id, parse_key

MALFORMED = [
    "", " ", "name", "a/b/c", "../x", "a/..", "user/../../etc", "/etc/passwd", "a/b@", "a/b@-x",
    "a/b@x..y", "a/b@../x", "a/b@x y", "a/b.git", "a/b?c", "a/b#c", "a--b/c", "a/b@v1@v2", "./a/b",
    "https://host/a", "a\\b", "a/b\n", "a/b\0", "usér/name", "user/nаme", "а/b", "a/b@ｖ1", "*",
    "a/" + "b" * 100, "a/b@" + "c" * 300, "a" * 10_000_000, "a/b@" + "c" * 10_000_000, None, True,
    0, 1.5, float("nan"), [], ["a/b"], {}, {"a/b": 1}, b"a/b", object(),
]  # fmt: skip


@pytest.mark.parametrize("source", MALFORMED, ids=lambda value: repr(value)[:20])
def test_what_is_no_id_is_refused_before_anybody_is_asked(shelf, hub, source, tmp_path):
    assert refusal(shelf.open, source) == "malformed"
    assert refusal(shelf.find, source, "0" * 8) in ("malformed", "unknown_model")
    assert refusal(shelf.open_revision, source, "0" * 8) in ("malformed", "unknown_model")
    assert hub.log == []
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "value",
    ["", "1234567", "123456789", "ABCDEF01", "0x123456", "٠" * 8, "1" * 10_000_000, 12345678,
     None, float("nan"), ["00000000"], b"00000000", "00000000\n"],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_what_is_no_digest_is_refused(shelf, hub, value):
    assert refusal(shelf.find, "tiny", value) == "malformed"
    assert refusal(shelf.open_revision, "user/name", value) == "malformed"
    assert hub.log == []


def test_noise_is_never_more_than_malformed():
    """Ten thousand texts near to ids: each is refused or splits into what spells it again."""
    noise = random.Random(4)
    letters = "ab/@.-_~%:\\ \0\n0*éа\U0001f9e5"
    for _ in range(10_000):
        text = "".join(noise.choices(letters, k=noise.randrange(12)))
        for parse in (parse_id, lambda text: parse_key(text, "0" * 8)):
            try:
                first, second = parse(text)
            except ShelfError as error:
                outcome = error.reason
            else:
                outcome = first if second in (None, "0" * 8) else f"{first}@{second}"
            assert outcome in ("malformed", text)
            assert outcome == "malformed" or ".." not in text


@pytest.mark.parametrize(
    ("variables", "open_ids", "closed_ids"),
    [
        ({}, ["user/name", "any/thing@refs/pr/1"], []),
        ({"SPACE_ID": "me/space"}, [], ["user/name", "me/space"]),
        ({"SPACE_ID": "me/space", "TRAMA_MODELS": "*"}, ["user/name@v1"], []),
        ({"SPACE_ID": "me/space", "TRAMA_MODELS": "a/b, user/name\nc/d@v1"},
         ["a/b", "user/name", "user/name@v1", "user/name@g-01234567", "c/d@v1"],
         ["c/d", "c/d@v2", "user/names", "User/name", "user/name@refs/pr/1", "user/name@deadbeef",
          "user/name@" + "0" * 40]),
        ({"TRAMA_MODELS": "a/b"}, ["a/b"], ["user/name"]),
    ],
)  # fmt: skip
def test_who_may_be_opened(hub, given, monkeypatch, variables, open_ids, closed_ids):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    shelf = Shelf([given], ShelfRules.read(os.environ))
    for source in closed_ids:
        assert refusal(shelf.open, source) == "not_allowed"
    assert hub.log == []
    for source in open_ids:
        ShelfRules.read(os.environ).check(*parse_id(source))


@pytest.mark.parametrize("name", ["TRAMA_MODELS", "TRAMA_HUB_ID"])
def test_an_operator_is_told_of_a_slip(monkeypatch, name):
    for value in ("weights/x/y", "name", "a/b@"):
        monkeypatch.setenv(name, value)
        with pytest.raises(ValueError, match=name):
            ShelfRules.read(os.environ)
