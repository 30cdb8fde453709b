"""What the page calls things, for the parts of it that Python writes."""

from model.code import Code
from model.config import ModelConfig
from model.labels import Language, class_names
from model.recipe import Recipe

_SHORT_NAMES = {"T-shirt/top": "T-shirt", "Trouser": "Trousers", "Ankle boot": "Boot"}
_SECOND_SHARE = 0.15


def short_class_names(config: ModelConfig, language: Language) -> list[str]:
    """Names of the classes as the page writes them, in label order."""
    return [_SHORT_NAMES.get(name, name) for name in class_names(config, language)]


def kind_of(garment: Recipe, names: list[str], piece: str) -> str:
    """The classes that a garment has most of; `piece` where the model has no classes."""
    shares = garment.classes[:2]
    told = [label for n, (label, share) in enumerate(shares) if not n or share >= _SECOND_SHARE]
    return " × ".join(names[label] for label in told) if names else piece


def seed_word(seed: int | Code, words: dict[str, str]) -> str:
    """The number of a seed; a code is too long to be read, so it is "from a photo"."""
    return words["from_photo"] if isinstance(seed, Code) else str(seed)
