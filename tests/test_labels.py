"""Classes by number and by name in two languages."""

import dataclasses

import pytest

from model.config import ModelConfig
from model.labels import class_names, find_label

FASHION = ModelConfig()


@pytest.mark.parametrize(
    ("given", "label"),
    [
        (0, 0), ("9", 9), (" 3 ", 3), ("+4", 4),
        ("T-shirt/top", 0), ("t shirt", 0), ("TSHIRT", 0), ("top", 0), ("Camiseta", 0),
        ("pants", 1), ("calça", 1), ("CALCA", 1), ("Sweater", 2), ("sueter", 2), ("suéter", 2),
        ("vestido", 3), ("jacket", 4), ("casaco", 4), ("sandália", 5), ("sandalia", 5),
        ("camisa", 6), ("shirt", 6), ("tenis", 7), ("tênis", 7), ("bolsa", 8), ("purse", 8),
        ("ankle boot", 9), ("Ankle-Boot", 9), ("ankle_boot", 9), ("boot", 9), ("bota", 9),
    ],
)  # fmt: skip
def test_every_usual_way_to_name_a_class(given, label):
    assert find_label(given, FASHION) == label


@pytest.mark.parametrize(
    "given", ["hat", "", "10", -1, 10, "-1", True, None, 1.5, "²", "9" * 5000, "t"]
)
def test_what_is_not_known_lists_what_is(given):
    with pytest.raises(ValueError, match=r"label must be one of 0 T-shirt/top, .*Camiseta"):
        find_label(given, FASHION)


def test_every_own_and_translated_name_leads_back():
    for language in ("en", "pt"):
        names = class_names(FASHION, language)
        assert [find_label(name, FASHION) for name in names] == list(range(10))
    with pytest.raises(ValueError, match="language must be 'en' or 'pt', not 'fr'"):
        class_names(FASHION, "fr")


def test_other_models_keep_their_names():
    digits = dataclasses.replace(FASHION, class_names=("7", "3", "coat", "Coat!"))
    assert find_label("3", digits) == 1
    assert find_label(3, digits) == 3
    assert find_label("COAT", digits) == 2
    assert find_label("Coat!", digits) == 3
    assert class_names(digits, "pt") == digits.class_names
    with pytest.raises(ValueError, match="one of 0 7, 1 3, 2 coat, 3 Coat!, not 'dress'"):
        find_label("dress", digits)


def test_an_unconditional_model_has_label_0():
    free = dataclasses.replace(FASHION, class_names=())
    assert find_label(0, free) == find_label("0", free) == 0
    with pytest.raises(
        ValueError, match="label must be 0, as this model has no classes, not 'dress'"
    ):
        find_label("dress", free)
