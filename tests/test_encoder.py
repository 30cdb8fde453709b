"""The encoder: how it is read, how it is trained, and what is measured of what it leads to."""

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from model.config import FASHION_MNIST_CLASSES
from model.encoder import Encoder, EncoderConfig, Reach, hide, load_encoder, save_encoder
from model.inversion import Descent
from model.inverter import Inverter
from model.pixels import to_img
from model.storage import ModelFolderError
from model.studio import Studio
from model.weights import (
    ENCODER_FILE,
    MODEL_FILES,
    SHIPPED_MODEL,
    check_folder,
    generator_sha256,
    load_generator,
    read_metrics,
    save_model,
)
from tests.conftest import TINY, write_tiny_model
from training import reconstruction
from training.card_figures import render_figures
from training.classifier import load_classifier
from training.data import ImageSet, load_fashion_mnist
from training.encode import fit_minutes, main
from training.encoder_trainer import EncodeConfig, Trainer
from training.evaluate import main as evaluate_main
from training.familiarity import measure_familiarity
from training.hidden import random_masks

QUICK = Descent(steps=4, layer_steps=3)
SHORT = [
    "--made-images", "64", "--real-images", "64", "--probes", "64", "--reach-images", "2",
]  # fmt: skip
SMALL = EncoderConfig(widths=(4, 8), blocks=1)
REACHED = {"one_w": [1, 2, 3], "per_layer": [1, 2, 3], "strange": None}


def put_encoder(folder, reach=None, config=SMALL):
    """An untrained encoder in a model folder."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        encoder = Encoder(load_generator(folder).config, config)
    encoder.root.copy_(torch.eye(TINY.w_dim))
    encoder.reach = reach
    save_encoder(folder, encoder, generator_sha256(folder))
    return folder


@pytest.fixture
def folder(tmp_path):
    return put_encoder(write_tiny_model(tmp_path / "tiny"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = write_tiny_model(tmp_path_factory.mktemp("trained") / "tiny")
    assert main([str(folder), *SHORT]) == 0
    return folder


def read(folder):
    return load_encoder(folder, generator_sha256(folder))


def rewrite(folder, tensors=None, **fields):
    """Change tensors by name (None removes) or fields of the description."""
    path = folder / ENCODER_FILE
    with safe_open(path, framework="pt") as file:
        described = json.loads(file.metadata()["encoder"])
    changed = {**load_file(path), **(tensors or {})}
    kept = {name: tensor for name, tensor in changed.items() if tensor is not None}
    save_file(kept, path, metadata={"encoder": json.dumps({**described, **fields})})


def test_what_is_saved_comes_back(tmp_path):
    reach = Reach(one_w=(0.05, 0.1, 0.2), per_layer=(0.03, 0.06, 0.12), strange=2.5)
    folder = put_encoder(write_tiny_model(tmp_path / "tiny"), reach)
    encoder = read(folder)
    assert encoder.reach == reach
    assert encoder.config == SMALL
    assert encoder.hidden_share == 0
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    first = (folder / ENCODER_FILE).read_bytes()
    save_encoder(folder, encoder, generator_sha256(folder))
    assert (folder / ENCODER_FILE).read_bytes() == first
    check_folder(folder)
    assert ENCODER_FILE in MODEL_FILES


def test_a_picture_is_read_alike_in_any_company(folder):
    encoder, generator = read(folder), load_generator(folder)
    pixels = torch.from_numpy(generator.sample([0, 5, 9], [1, 2, 3]))
    img = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
    offsets, logits = encoder(img)
    assert offsets.shape == (3, 16)
    assert logits.shape == (3, 10)
    alone, _ = encoder(img[1:2])
    assert torch.allclose(alone, offsets[1:2], atol=1e-5)
    named, _ = encoder(img, logits.argmax(1))
    assert torch.equal(named, offsets)


def test_a_folder_without_an_encoder_has_none(tiny_model):
    assert read(tiny_model) is None
    assert Studio.open(tiny_model).encoder is None


def test_a_studio_has_the_encoder_of_its_folder(folder):
    assert Studio.open(folder).encoder.config == SMALL


def test_another_generator_takes_the_encoder_away(folder):
    save_model(folder, load_generator(folder))
    assert (folder / ENCODER_FILE).exists()
    changed = load_generator(folder)
    changed.mapping.linear.weight.mul_(0.5)
    save_model(folder, changed)
    assert not (folder / ENCODER_FILE).exists()


@pytest.mark.parametrize(
    ("tensors", "fields", "fault"),
    [
        ({"out.bias": None}, {}, "'out.bias' is missing"),
        ({"more": torch.zeros(1)}, {}, "unexpected tensor 'more'"),
        ({"out.bias": torch.zeros(3)}, {}, "out.bias has shape"),
        ({"out.bias": torch.full((16,), torch.nan)}, {}, "out.bias holds NaN"),
        ({}, {"generator_sha256": "0" * 64}, "another generator's: run python -m training.encode"),
        ({}, {"format_version": 9}, "not an encoder of format_version 2"),
        ({}, {"widths": [4, 100_000]}, "widths must be"),
        ({}, {"widths": "wide"}, "widths must be a list, not 'wide'"),
        ({}, {"widths": []}, "widths must be"),
        ({}, {"blocks": -1}, "blocks must be in 0..4, not -1"),
        ({}, {"hidden_share": 2}, "hidden_share must be in 0..1, not 2"),
        ({}, {"reach": [1]}, "reach must have the fields one_w, per_layer, strange"),
        ({}, {"reach": REACHED | {"one_w": [1, 2]}}, "one_w must be three rising"),
        ({}, {"reach": REACHED | {"one_w": [3, 2, 1]}}, "one_w must be three rising"),
        ({}, {"reach": REACHED | {"strange": -1}}, "strange must be above 0 or null, not -1"),
        ({}, {"reach": REACHED | {"strange": "x"}}, "strange must be above 0 or null, not 'x'"),
        ({"more": torch.zeros(1_100_000)}, {}, "more than 4,000,000 bytes"),
    ],
)
def test_the_file_is_read_strictly(folder, tensors, fields, fault):
    rewrite(folder, tensors, **fields)
    with pytest.raises(ModelFolderError, match=fault) as refused:
        check_folder(folder)
    assert ENCODER_FILE in str(refused.value)


def test_a_file_that_is_half_there_is_refused(folder):
    path = folder / ENCODER_FILE
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ModelFolderError, match=ENCODER_FILE):
        Studio.open(folder)


def test_what_would_be_too_large_is_not_saved(tmp_path):
    folder = write_tiny_model(tmp_path / "tiny")
    with pytest.raises(ModelFolderError, match="4,000,000 at most"):
        put_encoder(folder, config=EncoderConfig(widths=(256, 512), blocks=1))
    assert not (folder / ENCODER_FILE).exists()


def test_reading_one_imports_no_compiler(folder):
    code = (
        "import sys; from model.studio import Studio; from model.inverter import Inverter\n"
        "import numpy as np; from model.inversion import Descent\n"
        f"studio = Studio.open({str(folder)!r})\n"
        "inverter = Inverter(studio.generator, studio.encoder, Descent(steps=2, layer_steps=1))\n"
        "inverter.invert(np.zeros((28, 28, 1), np.uint8))\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_training_brings_pictures_nearer_and_repeats_itself(trained, tmp_path, capsys):
    encoder = read(trained)
    assert encoder.config == EncoderConfig()
    assert (trained / ENCODER_FILE).stat().st_size <= 4_000_000
    assert encoder.metric.square().sum() > 0
    assert encoder.reach.per_layer[0] <= encoder.reach.one_w[2]
    shutil.copytree(trained, tmp_path / "again")
    (tmp_path / "again" / ENCODER_FILE).unlink()
    assert main([str(tmp_path / "again"), *SHORT]) == 0
    printed = capsys.readouterr().out
    assert "64 made garments, then 64 pictures" in printed
    assert "kept" in printed
    assert (tmp_path / "again" / ENCODER_FILE).read_bytes() == (trained / ENCODER_FILE).read_bytes()


def test_reach_is_measured_again_without_training(trained, tmp_path, capsys):
    shutil.copytree(trained, tmp_path / "model")
    folder, before = tmp_path / "model", read(trained)
    options = [str(folder), "--reach-only", "--reach-images", "3", "--probes", "64"]
    assert main(options) == 0
    assert torch.equal(read(folder).out.weight, before.out.weight)
    assert "match error of held-out garments" in capsys.readouterr().out
    (folder / ENCODER_FILE).unlink()
    assert main(options) == 1
    assert "has no encoder: leave out --reach-only" in capsys.readouterr().err


def test_training_can_begin_as_another_generators_encoder(trained, tmp_path, capsys):
    shutil.copytree(trained, tmp_path / "model")
    folder, before = tmp_path / "model", read(trained)
    generator = load_generator(folder)
    generator.mapping.linear.weight.mul_(1.01)
    save_model(folder, generator)
    options = [str(folder), *SHORT, "--made-images", "0"]
    assert main([*options, "--init", str(trained), "--learning-rate", "1e-6"]) == 0
    assert "0 made garments, then 64 pictures" in capsys.readouterr().out
    after = read(folder)
    assert after.hidden_share == EncodeConfig().hidden_share
    assert torch.allclose(after.out.weight, before.out.weight, atol=1e-3)
    assert torch.equal(after.root, before.root)
    assert main([*options, "--init", str(tmp_path)]) == 1
    assert "has no encoder to begin with" in capsys.readouterr().err
    other = write_tiny_model(tmp_path / "other", config=dataclasses.replace(TINY, w_dim=12))
    assert main([str(other), *SHORT, "--init", str(trained)]) == 1
    assert "must be of a model of the same shape" in capsys.readouterr().err


def test_what_is_hidden_is_a_function_of_the_pictures_number():
    masks = random_masks(3, 100, 60, 28, 0.5)
    assert masks.shape == (60, 28, 28)
    assert (random_masks(3, 110, 20, 28, 0.5) == masks[10:30]).all()
    shares = masks.mean((1, 2))
    assert 0.3 < (shares > 0).mean() < 0.7
    assert shares.max() < 0.95
    assert not random_masks(3, 0, 20, 28, 0.0).any()
    img = torch.ones(60, 1, 28, 28)
    hidden = torch.from_numpy(masks)
    assert (hide(img, hidden)[:, 0] == (~hidden).float()).all()


def test_both_parts_of_training_learn(tiny_model):
    generator = load_generator(tiny_model)
    heldout = load_fashion_mnist("heldout")
    few = dataclasses.replace(heldout, pixels=heldout.pixels[:64], labels=heldout.labels[:64])
    config = EncodeConfig(made_images=32, real_images=640)
    trainer = Trainer(generator, config, few, few)
    error = trainer.held_error()[0]
    losses = [trainer.step_real(start) for start in range(0, 640, 32)]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    assert trainer.held_error()[0] < error


def test_a_model_of_other_things_learns_from_its_own(tmp_path, capsys):
    others = dataclasses.replace(TINY, class_names=("hat", "scarf"))
    folder = write_tiny_model(tmp_path / "m", False, others)
    assert main([str(folder), *SHORT]) == 0
    assert read(folder).classes == 2
    found = Inverter(load_generator(folder), read(folder), QUICK).invert(
        load_generator(folder).sample([1], [3])[0]
    )
    assert len(found.shares) == 2


def test_counts_fit_the_minutes(tiny_model):
    config = fit_minutes(load_generator(tiny_model), EncodeConfig(), 0.01)
    assert 32 <= config.made_images < EncodeConfig().made_images
    assert config.real_images % config.batch_size == 0


def test_a_training_that_diverges_is_an_error_and_leaves_the_encoder(trained, tmp_path, capsys):
    folder = shutil.copytree(trained, tmp_path / "copy")
    before = (folder / ENCODER_FILE).read_bytes()
    assert main([str(folder), *SHORT, "--learning-rate", "1e30"]) == 1
    assert "learning_rate 1e+30 is too high" in capsys.readouterr().err
    assert (folder / ENCODER_FILE).read_bytes() == before


def test_numbers_without_sense_are_refused(tiny_model, capsys):
    assert main([str(tiny_model), "--batch-size", "0"]) == 1
    assert "batch_size must be at least 1, not 0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([str(tiny_model), "--minutes", "-1"])


def test_reconstruction_is_measured_at_every_stage(trained, monkeypatch):
    test = load_fashion_mnist("test")
    few = reconstruction.pick_garments(test, 20)
    assert np.bincount(few.labels.numpy(), minlength=10).tolist() == [2] * 10
    train = dataclasses.replace(few, pixels=test.pixels[500:600], labels=test.labels[500:600])
    monkeypatch.setattr(reconstruction, "_TIMED", 1)
    figures = reconstruction.measure_reconstruction(
        load_generator(trained), read(trained), train, few, "python -m training.evaluate"
    )
    for stage in reconstruction.STAGES:
        for name in ("match_error", "psnr", "ssim", "lpips_c", "agreement", "seconds"):
            assert np.isfinite(figures[f"{name}_{stage}"]["value"])
            assert figures[f"{name}_{stage}"]["against"] == "test"
    assert figures["match_error_layers"]["value"] < figures["match_error_encoder"]["value"]
    assert figures["psnr_layers"]["value"] > figures["psnr_encoder"]["value"]
    assert figures["agreement_w"]["floor"] >= 0.8
    assert set(figures["edit_ratio_w"]["by_direction"]) == {"brightness", "sleeves"}
    assert 0 <= figures["edit_class_kept_layers"]["value"] <= 1
    card = render_figures({"reconstruction": figures}, FASHION_MNIST_CLASSES)
    assert "Test garments drawn again" in card
    assert "| Match error, w per layer |" in card
    assert "| direction | Edit ratio, one w |" in card
    json.dumps(figures)


def test_alike_pictures_are_no_distance_apart():
    img = torch.rand(3, 1, 28, 28, generator=torch.manual_seed(0)) * 2 - 1
    classifier = load_classifier()
    assert reconstruction.perceptual_distance(classifier, img, img).abs().max() == 0
    near, far = (
        reconstruction.perceptual_distance(classifier, img, (img + size).clamp(-1, 1)).mean()
        for size in (0.05, 0.5)
    )
    assert 0 < near < far


def test_the_command_writes_the_figures_of_reconstruction(trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reconstruction, "QUICK_GARMENTS", 10)
    monkeypatch.setattr(reconstruction, "_TIMED", 1)
    shutil.copytree(trained, tmp_path / "model")
    folder = tmp_path / "model"
    assert evaluate_main([str(folder), "--quick", "--only", "reconstruction"]) == 0
    printed = capsys.readouterr().out
    assert "10 test garments drawn again, about" in printed
    assert "left out: 990 more test garments" in printed
    figures = read_metrics(folder)["reconstruction_quick"]  # those of a thousand stay
    assert "reconstruction" not in read_metrics(folder)
    assert figures["agreement_layers"]["samples"] == 10
    assert figures["agreement_layers"]["command"].endswith("--quick --only reconstruction")
    (folder / ENCODER_FILE).unlink()
    assert evaluate_main([str(folder), "--quick", "--only", "reconstruction"]) == 1
    assert "has no encoder of its generator" in capsys.readouterr().err


@pytest.fixture(scope="module")
def shipped():
    digest = generator_sha256(SHIPPED_MODEL)
    return Inverter(load_generator(SHIPPED_MODEL), load_encoder(SHIPPED_MODEL, digest))


def non_garments():
    rows, columns = np.mgrid[:28, :28]
    return {
        "black": np.zeros((28, 28)),
        "white": np.full((28, 28), 255),
        "noise": np.random.RandomState(0).randint(0, 256, (28, 28)),
        "stripes": rows // 2 % 2 * 255,
        "bars": columns // 4 % 2 * 255,
    }


@pytest.mark.parametrize("name", list(non_garments()))
def test_what_is_no_garment_is_told_so(shipped, name):
    pixels = non_garments()[name].astype(np.uint8)[..., None]
    assert shipped.invert(pixels).verdict == "none"


def test_most_digits_are_told_to_be_no_garment(shipped):
    """Nine in ten handwritten ones are (the README's figure); of ten printed ones, eight or more."""
    verdicts = []
    for number in range(10):
        digit, font = Image.new("L", (28, 28)), ImageFont.load_default(size=26)
        ImageDraw.Draw(digit).text((14, 14), str(number), 255, font, anchor="mm")
        verdicts.append(shipped.invert(np.array(digit)[..., None]).verdict)
    assert verdicts.count("none") >= 8, verdicts


def test_the_verdict_is_by_what_garments_reach(trained):
    encoder, generator = read(trained), load_generator(trained)
    pixels = generator.sample([8], [6])[0]
    found = Inverter(generator, encoder, QUICK).invert(pixels)
    least, most = found.per_layer_error - 1e-4, found.per_layer_error + 1e-4
    for reach, verdict in (
        ((most, most, most), "close"),
        ((least, least, most), "near"),
        ((least, least, least), "far"),
    ):
        encoder.reach = Reach(one_w=(1.0, 1.0, 1.0), per_layer=reach)
        inverter = Inverter(generator, encoder, QUICK)
        assert inverter.invert(pixels).verdict == verdict
        assert inverter.invert(pixels, stop=lambda: True).verdict is None
    strange = float(encoder.strangeness(to_img(torch.from_numpy(pixels[None]))))
    for most, verdict in ((strange + 1e-3, "far"), (strange - 1e-3, "none")):
        encoder.reach = dataclasses.replace(encoder.reach, strange=most)
        assert Inverter(generator, encoder, QUICK).invert(pixels).verdict == verdict


def test_what_the_encoder_has_not_seen_is_stranger(trained):
    encoder, generator = read(trained), load_generator(trained)
    labels = [n % 10 for n in range(900)]
    pixels = torch.from_numpy(generator.sample(labels, range(900), batch_size=100))
    made = ImageSet(pixels, torch.tensor(labels), generator.config.class_names)
    train, held = (
        ImageSet(made.pixels[part], made.labels[part], made.class_names)
        for part in (slice(600), slice(600, 900))
    )
    strange = measure_familiarity(encoder, train, held)
    seen = encoder.strangeness(to_img(train.pixels))
    noise = torch.from_numpy(np.random.RandomState(0).randint(0, 256, (20, 28, 28, 1), np.uint8))
    assert 0 < float(seen.mean()) < 1.2
    assert float((encoder.strangeness(to_img(held.pixels)) > strange).float().mean()) <= 0.03
    assert encoder.strangeness(to_img(noise)).min() > strange


def test_garments_are_told_how_close_they_come(shipped):
    heldout = load_fashion_mnist("heldout")
    few = reconstruction.pick_garments(heldout, 20)
    found = [shipped.invert(pixels) for pixels in few.pixels.numpy()]
    verdicts = [each.verdict for each in found]
    assert verdicts.count("none") <= 1
    assert verdicts.count("close") >= 5
    right = [each.label == label for each, label in zip(found, few.labels, strict=True)]
    assert np.mean(right) >= 0.8
    assert all(each.per_layer_error <= each.one_w_error + 0.01 for each in found)
    reach = shipped.encoder.reach
    assert reach.per_layer[1] < reach.one_w[1] < 0.15


def test_choices_are_not_made_by_reconstruction(trained):
    with pytest.raises(SystemExit):
        evaluate_main([str(trained), "--against", "heldout", "--only", "reconstruction"])
