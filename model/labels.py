"""Classes by number or by name, in English and in Portuguese."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from model.config import ModelConfig

Language = Literal["en", "pt"]
_NUMBER = re.compile(r"\+?[0-9]{1,9}")

PORTUGUESE: Mapping[str, str] = {
    "T-shirt/top": "Camiseta",
    "Trouser": "Calça",
    "Pullover": "Suéter",
    "Dress": "Vestido",
    "Coat": "Casaco",
    "Sandal": "Sandália",
    "Shirt": "Camisa",
    "Sneaker": "Tênis",
    "Bag": "Bolsa",
    "Ankle boot": "Bota",
}
"""Portuguese for the class names of Fashion-MNIST; other models keep their own names."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "T-shirt/top": ("t-shirt", "tee", "top", "camisetas"),
    "Trouser": ("trousers", "pants", "jeans", "calças"),
    "Pullover": ("sweater", "jumper", "pulôver"),
    "Dress": ("gown",),
    "Coat": ("jacket", "jaqueta"),
    "Sandal": ("sandals", "sandálias"),
    "Shirt": ("blouse",),
    "Sneaker": ("sneakers", "trainer", "trainers"),
    "Bag": ("handbag", "purse", "sacola"),
    "Ankle boot": ("boot", "boots", "botas", "botina", "bota de cano curto"),
}


def class_names(config: ModelConfig, language: Language = "en") -> tuple[str, ...]:
    """Names of the model's classes, in label order; English where there is no translation.

    Raises:
        ValueError: another language than "en" or "pt".
    """
    if language not in ("en", "pt"):
        raise ValueError(f"language must be 'en' or 'pt', not {language!r}")
    if language == "en":
        return config.class_names
    return tuple(PORTUGUESE.get(name, name) for name in config.class_names)


def find_label(text_or_number: str | int, config: ModelConfig) -> int:
    """Label of a class given by number, or by an English, Portuguese or everyday name.

    Case, accents, blanks and punctuation do not matter: "T-Shirt", "tshirt" and "calca" are known.
    An unconditional model has the one label 0.

    Raises:
        ValueError: no such class; the message lists the known ones.
    """
    text = str(text_or_number).strip()
    if text_or_number in config.class_names:  # a folder of digits has classes called "3" and "7"
        return config.class_names.index(str(text_or_number))
    if _NUMBER.fullmatch(text) and 0 <= int(text) < max(config.num_classes, 1):
        return int(text)
    if label := _names(config).get(_simplify(text)):
        return label[0]
    raise ValueError(f"label must be {_known(config)}, not {text_or_number!r}")


def _names(config: ModelConfig) -> dict[str, list[int]]:
    """Labels of every simplified name; a model's own names come before aliases."""
    names: dict[str, list[int]] = {}
    for label, name in enumerate(config.class_names):
        names.setdefault(_simplify(name), []).append(label)
    for label, name in enumerate(config.class_names):
        for alias in (PORTUGUESE.get(name, name), *_ALIASES.get(name, ())):
            names.setdefault(_simplify(alias), []).append(label)
    return names


def _simplify(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum())


def _known(config: ModelConfig) -> str:
    if not config.num_classes:
        return "0, as this model has no classes"
    listed = ", ".join(f"{number} {name}" for number, name in enumerate(config.class_names))
    translated = [PORTUGUESE[name] for name in config.class_names if name in PORTUGUESE]
    return f"one of {listed}" + (f" (or {', '.join(translated)})" if translated else "")
