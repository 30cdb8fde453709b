"""What the page's scripts know of a model."""

import dataclasses
from typing import Any

from model.dye import hole_area
from model.studio import Studio
from ui.names import short_class_names
from ui.parts import load_words

MOST_DARING = 1.5

MOST_UNNAMED = 2.0
"""Strength of unnamed directions on the page: recipes know 3, where little of a garment is left."""


def model_setup(studio: Studio) -> dict[str, Any]:
    """What the scripts know of a model: its classes, directions and pictures."""
    config, piece = studio.config, {lang: words["piece"] for lang, words in load_words().items()}
    english, portuguese = (short_class_names(config, language) for language in ("en", "pt"))
    names = zip(english, portuguese, config.class_names, strict=True)
    classes: list[dict[str, Any]] = [
        {"en": en, "pt": pt, "area": hole_area(name)} for en, pt, name in names
    ]
    return {
        "model": {"name": studio.name, "digest": studio.digest},
        "size": config.image_size,
        "channels": config.image_channels,
        "dyed": config.image_channels == 1,
        "classes": classes or [{**piece, "area": hole_area("")}],
        "daring": {"most": MOST_DARING, "usual": studio.default_daring}
        if studio.generator.directions
        else None,
        "directions": [dataclasses.asdict(control) for control in studio.controls],
        "components": {"names": studio.components, "most": MOST_UNNAMED},
    }
