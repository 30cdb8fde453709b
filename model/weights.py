"""Temporary minimal reader and writer."""

import json
from pathlib import Path

from safetensors.torch import load_file, save_file

from model.config import ModelConfig
from model.generator import Generator


def save_model(folder, generator, discriminator=None):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(generator.config.to_dict()))
    half = lambda m: {k: v.detach().half().contiguous() for k, v in m.state_dict().items()}
    save_file(half(generator), folder / "model.safetensors")
    if discriminator is not None:
        save_file(half(discriminator), folder / "discriminator.safetensors")


def load_generator(folder):
    cfg = ModelConfig.from_dict(json.loads((Path(folder) / "config.json").read_text()))
    g = Generator(cfg)
    g.load_state_dict(
        {k: v.float() for k, v in load_file(Path(folder) / "model.safetensors").items()}
    )
    return g.eval().requires_grad_(False)
