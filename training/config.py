"""How a run trains: one frozen configuration, and presets of it."""

import dataclasses
import typing
from typing import Any, Literal

from model.config import ConfigError, ModelConfig
from model.losses import Loss

Precision = Literal["auto", "fp32", "bf16"]
Compile = Literal["auto", "yes", "no"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that decides the outcome of a run. Progress and schedules count real images.

    Every field but `model` is an option of `python -m training.train`.
    """

    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    seed: int = 0
    batch_size: int = 64
    loss: Loss = "relativistic"
    total_images: int = 800_000
    """Horizon of the schedules; `--max-images` and `--max-minutes` only stop."""
    generator_lr: float = 8e-4
    discriminator_lr: float = 16e-4
    adam_beta1: float = 0.0
    adam_beta2: float = 0.9
    decay_start: float = 0.4
    """Share of the horizon after which both learning rates fall linearly to zero."""
    ema_halflife_images: int = 10_000
    ema_rampup: float = 0.05
    """The half-life is at most this share of the images seen, so that early averages are young."""
    style_mixing: float = 0.1
    """Share of made garments whose later layers listen to a second z of the same class."""
    mismatch_weight: float = 0.0
    """How much the critic must also tell real garments under a wrong label from those under theirs."""
    precision: Precision = "auto"
    compile: Compile = "auto"
    snapshots: int = 8
    first_snapshot_images: int = 10_000
    statistics_images: int = 4_096
    checkpoint_every_images: int = 20_000
    sheet_every_images: int = 50_000
    log_every_images: int = 3_200

    def __post_init__(self) -> None:
        for name in ("batch_size", "total_images", "ema_halflife_images", "snapshots",
                     "first_snapshot_images", "statistics_images", "checkpoint_every_images",
                     "sheet_every_images", "log_every_images"):  # fmt: skip
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("generator_lr", "discriminator_lr", "ema_rampup"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0, not {getattr(self, name)}")
        if not 0 <= self.mismatch_weight < float("inf"):
            raise ConfigError(f"mismatch_weight must be at least 0, not {self.mismatch_weight}")
        if self.mismatch_weight and self.model.num_classes < 2:
            raise ConfigError(
                f"mismatch_weight must be 0 with fewer than two classes, not {self.mismatch_weight}"
            )
        for name in ("adam_beta1", "adam_beta2", "decay_start", "style_mixing"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be in 0..1, not {getattr(self, name)}")
        for name, hint in typing.get_type_hints(type(self)).items():
            allowed = typing.get_args(hint)
            if typing.get_origin(hint) is Literal and getattr(self, name) not in allowed:
                raise ConfigError(f"{name} must be one of {allowed}, not {getattr(self, name)!r}")

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, as it stands in the run folder."""
        return {**dataclasses.asdict(self), "model": self.model.to_dict()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "TrainConfig":
        """Parse the JSON form strictly.

        Raises:
            ConfigError: naming an unknown or missing key.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if odd := sorted(known.symmetric_difference(fields)):
            raise ConfigError(f"unknown or missing key {odd[0]!r} in the run's configuration")
        return cls(**{**fields, "model": ModelConfig.from_dict(fields["model"])})


PRESETS = {
    # Batches of six from each class, all of one kind of it, so that the critic sees how they differ.
    "fashion-mnist": TrainConfig(
        model=ModelConfig(kind_splits=4),
        batch_size=60,
        total_images=580_000,
        decay_start=0.5,
        mismatch_weight=0.3,
    ),
    # Too small to be pretty: to see every part work, and to break it, within a minute.
    "fashion-mnist-toy": TrainConfig(
        model=ModelConfig(
            z_dim=16,
            class_dim=8,
            w_dim=16,
            mapping_layers=1,
            base_width=16,
            generator_widths=(16, 8),
            discriminator_widths=(8, 16, 16),
        ),
        batch_size=32,
        total_images=20_000,
        snapshots=2,
        statistics_images=512,
        checkpoint_every_images=2_000,
        sheet_every_images=5_000,
    ),
    "images-64": TrainConfig(
        model=ModelConfig(
            image_size=64,
            image_channels=3,
            base_size=4,
            class_names=(),
            z_dim=128,
            w_dim=128,
            generator_widths=(256, 192, 128, 64),
            discriminator_widths=(64, 128, 192, 256, 256),
        ),
        generator_lr=2e-4,
        discriminator_lr=4e-4,
        total_images=5_000_000,
    ),
}
