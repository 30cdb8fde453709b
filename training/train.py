"""python -m training.train PRESET --run-dir FOLDER: train, or go on with what the folder holds."""

import argparse
import dataclasses
import json
import sys
import typing
from pathlib import Path
from typing import Any

import torch

from model.storage import write_atomically
from model.weights import generator_sha256
from training import distributed
from training.config import PRESETS, TrainConfig
from training.data import ImageSet, load_fashion_mnist, load_image_folder
from training.hardware import Execution, choose_execution, describe_machine, keep_freed_memory
from training.journal import Journal
from training.kinds import next_batch, with_kinds
from training.loop import Limits, NonFiniteLossError, train
from training.run import Run


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Command line: the options of the run, then every field of TrainConfig."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("--run-dir", type=Path, required=True, help="the same command resumes")
    parser.add_argument(
        "--data", type=Path, help="folder of Fashion-MNIST, or of pictures by class"
    )
    parser.add_argument("--max-images", type=int, help="stop here; does not change the schedules")
    parser.add_argument("--max-minutes", type=float, help="stop after this long in this sitting")
    parser.add_argument(
        "--spread-sizes", type=int, help="at how many sizes the critic is shown a class's spread"
    )
    parser.add_argument(
        "--kind-splits", type=int, help="how many times each class is halved into kinds"
    )
    parser.add_argument("--init", type=Path, help="model folder to start a new run from")
    parser.add_argument("--at-images", type=int, default=0, help="place in the schedules of --init")
    group = parser.add_argument_group("training configuration (default: the preset's)")
    hints = typing.get_type_hints(TrainConfig)
    for field in dataclasses.fields(TrainConfig):
        if field.name == "model":
            continue
        choices = typing.get_args(hints[field.name]) or None
        kind = str if choices else hints[field.name]
        group.add_argument(f"--{field.name.replace('_', '-')}", type=kind, choices=choices)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = parse(arguments)
    try:
        distributed.start()
        start(options)
    except NonFiniteLossError as error:
        print(f"!! {error}", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    finally:
        distributed.stop()
    return 0


def start(options: argparse.Namespace) -> None:
    """Put configuration, data and run together, and train."""
    preset = PRESETS[options.preset]
    names = [field.name for field in dataclasses.fields(preset) if field.name != "model"]
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    config = dataclasses.replace(preset, **given)
    data = load_data(options.preset, options.data, config)
    asked = {"spread_sizes": options.spread_sizes, "kind_splits": options.kind_splits}
    shape = {name: value for name, value in asked.items() if value is not None}
    model = dataclasses.replace(config.model, class_names=data.class_names, **shape)
    if model.kind_splits:
        data = with_kinds(data, model.kind_splits)
        next_batch(data, config.seed, 0, config.batch_size)  # says at once where none can be made
    config = dataclasses.replace(config, model=model)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    keep_freed_memory()
    journal = Journal(options.run_dir, quiet=distributed.rank() > 0)
    options.run_dir.mkdir(parents=True, exist_ok=True)
    began = None
    if options.init:
        began = {"model_sha256": generator_sha256(options.init), "at_images": options.at_images}
    execution = settle(options.run_dir, config, device, began)
    journal.say(
        f"{options.preset}: {len(data):,} pictures on {describe_machine()}; "
        f"{execution.precision}{', compiled' if execution.compile else ''} ({execution.why})"
    )
    run = Run(config, execution, device)
    if options.init:
        run.start_from(options.init, options.at_images)
    train(run, data, options.run_dir, Limits(options.max_images, options.max_minutes), journal)


def load_data(preset: str, folder: Path | None, config: TrainConfig) -> ImageSet:
    """The pictures a preset trains on.

    Raises:
        ValueError: a preset for own pictures without `--data`.
    """
    if preset.startswith("fashion-mnist"):
        return load_fashion_mnist("train", folder)
    if folder is None:
        raise ValueError(f"--data: the preset {preset} needs a folder of pictures")
    return load_image_folder(folder, config.model.image_size, config.model.image_channels)


def settle(
    run_dir: Path,
    config: TrainConfig,
    device: torch.device,
    began: dict[str, Any] | None = None,
) -> Execution:
    """Write `run.json` at the first start; later starts must agree with it and use its choices.

    `began` tells of a run that starts from a model which, and where in the schedules: for
    `training.ship`, which then knows the years before.

    Raises:
        ValueError: the folder's run has another configuration; names the field and both values.
    """
    path, fields = run_dir / "run.json", config.to_dict()
    if path.is_file():
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name, value in json.loads(json.dumps(fields)).items():
            if stored["config"].get(name) != value:
                was = stored["config"].get(name)
                raise ValueError(f"{run_dir} was begun with {name}={was!r}, not {value!r}")
        return Execution(**stored["execution"])
    execution = choose_execution(config, device, distributed.world_size())
    if distributed.rank() == 0:
        content = {"config": fields, "execution": dataclasses.asdict(execution), "began": began}
        write_atomically(path, json.dumps(content, indent=2).encode())
    return execution


if __name__ == "__main__":
    sys.exit(main())
