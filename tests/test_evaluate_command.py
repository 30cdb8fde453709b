"""python -m training.evaluate: what it takes, what it writes, and what it refuses."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

from model.classifier import Classifier, ClassifierConfig, load_classifier, save_classifier
from model.config import FASHION_MNIST_CLASSES
from model.generator import Generator
from model.pixels import save_png
from model.weights import load_generator, read_metrics, save_model
from tests.conftest import TINY, break_chunk, write_tiny_model
from training.card import write_card
from training.cost import measure_cost
from training.data import load_fashion_mnist
from training.evaluate import choose_parts, evaluate, format_table, main, parse, write_metrics
from training.features import FeatureError, space_c, space_i
from training.judge import estimate_minutes
from training.parts import PARTS, part_key
from training.ppl import measure_path_lengths
from training.protocol import FULL, HELDOUT, QUICK, Protocol
from training.reference import Featured, Reference
from training.subjects import draw, open_subject

COUNT = 200
SHAPE = (28, 28, 1)
SMALL = Protocol("quick", "test", COUNT, COUNT, 1, 1, 20, 12, "nearly everything")
CHOICE = dataclasses.replace(SMALL, name="heldout", cas_samples=0, cas_seeds=0, path_pairs=0)
KEYS = {
    "r_e", "r_c", "kd_e", "precision", "recall", "density", "coverage", "memorisation",
    "style_coherence", "kd_e_by_class", "fd_c_by_class", "label_agreement", "authpct", "c_t",
}  # fmt: skip
OF_REPORTS = {
    "cas_gap", "cas_accuracy", "ppl_ratio", "ppl_w", "ppl_z", "parameters", "mmac", "ms_batch_1",
    "ms_batch_100",
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Real garments in the features of an untrained network of few dimensions, for speed."""
    folder = tmp_path_factory.mktemp("spaces") / "untrained"
    torch.manual_seed(3)
    save_classifier(folder, Classifier(ClassifierConfig(widths=(4, 6), blocks=0)))
    space = space_c(folder)

    def featured(split):
        data = load_fashion_mnist(split)
        features = space.extract(data.pixels.numpy()[:COUNT], split)
        return Featured(data.labels.numpy()[:COUNT], {"e": features, "c": features})

    return Reference(
        "test", FASHION_MNIST_CLASSES, {"e": space, "c": space}, load_classifier(folder),
        featured("test"), featured("train"), tmp_path_factory.mktemp("cache"),
    )  # fmt: skip


def subject(folder):
    return open_subject(folder, FASHION_MNIST_CLASSES, SHAPE)


def write_pictures(folder, count=20, shape=SHAPE):
    pixels = np.random.RandomState(0).randint(0, 255, (10, count, *shape), dtype=np.uint8)
    for label, name in enumerate(FASHION_MNIST_CLASSES):
        for number in range(count):
            place = folder / f"{label}-{name.replace('/', '-')}"
            save_png(pixels[label, number], place / f"{number:05d}.png")
    return pixels


def test_every_figure_says_how_it_can_be_had_again(plain_model, reference, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(plain_model, folder)
    write_card(folder)
    results = evaluate([subject(folder)], reference, SMALL, 7, "python -m this")
    assert "CAS gap" in (folder / "README.md").read_text()  # the card is never behind
    written = read_metrics(folder)
    assert KEYS | OF_REPORTS | {"generator_sha256"} == set(written)
    for name in KEYS | OF_REPORTS:
        figure = written[name]
        assert np.isfinite(figure["value"]), name
        assert figure["against"] == "test"
        assert figure["command"] == "python -m this"
        assert {"samples", "features", "seeds", "date", "machine"} <= set(figure), name
    assert written["r_e"]["seeds"] == [7, 206]
    for name in ("precision", "recall", "coverage", "label_agreement", "memorisation", "authpct"):
        assert 0 <= written[name]["error"] < 0.5, name
    assert written["cas_accuracy"]["value"] < written["cas_accuracy"]["floor"]
    assert written["cas_gap"]["value"] == pytest.approx(
        100 * (written["cas_accuracy"]["floor"] - written["cas_accuracy"]["value"]), abs=0.01
    )
    assert written["parameters"]["value"] == sum(
        p.numel() for p in load_generator(folder).parameters()
    )
    assert written["memorisation"]["floor"] == 0.5
    assert "CAS gap" in format_table(results, SMALL)


def test_figures_say_how_many_garments_they_are_of(plain_model, reference, tmp_path):
    """Neighbours are looked for among as many as there are real ones, distances among all."""
    folder = tmp_path / "model"
    shutil.copytree(plain_model, folder)
    more = dataclasses.replace(SMALL, name="full", samples=COUNT + 10, sampling_seeds=2)
    evaluate([subject(folder)], reference, more, 7, "")
    full = read_metrics(folder)["full"]
    assert full["r_e"]["samples"] == COUNT + 10
    for name in ("precision", "recall", "density", "coverage", "memorisation", "authpct", "c_t"):
        assert full[name]["samples"] == COUNT, name
    assert full["recall"]["error_of_one"] >= 0
    assert len(full["recall"]["values"]) == 2


def test_the_same_seed_gives_the_same_figures(plain_model, reference, tmp_path):
    found = []
    for name in ("a", "b"):
        shutil.copytree(plain_model, tmp_path / name)
        results = evaluate([subject(tmp_path / name)], reference, CHOICE, 7, "")
        found.append({k: f["value"] for k, f in results[tmp_path / name].items()})
    assert found[0] == found[1]
    assert set(found[0]) == KEYS


def test_held_out_garments_rank_and_stand_apart(plain_model, reference, tmp_path):
    shutil.copytree(plain_model, tmp_path / "plain")
    generator = load_generator(plain_model)
    generator.synthesis.to_image.bias += 3  # white squares
    save_model(tmp_path / "white", generator)
    folders = [tmp_path / "white", tmp_path / "plain"]
    results = evaluate([subject(folder) for folder in folders], reference, CHOICE, 7, "")
    order = sorted(folders, key=lambda folder: results[folder]["r_e"]["value"])
    lines = format_table(results, CHOICE).splitlines()
    assert [line.split()[-1] for line in lines[1:]] == [str(folder) for folder in order]
    assert set(read_metrics(folders[0])) == {"generator_sha256", "heldout"}


def test_quick_full_and_choice_do_not_overwrite_each_other(plain_model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(plain_model, folder)
    for value, protocol in enumerate((QUICK, HELDOUT, FULL)):
        write_metrics(folder, protocol, {"r_e": {"value": value}})
    written = read_metrics(folder)
    assert written["r_e"] == {"value": 0}
    assert written["heldout"]["r_e"] == {"value": 1}
    assert written["full"]["r_e"] == {"value": 2}


def test_figures_of_few_garments_never_take_the_place_of_many():
    assert part_key("reconstruction", quick=False) == "reconstruction"
    assert part_key("reconstruction", quick=True) != "reconstruction"
    assert part_key("completion", quick=True) != part_key("reconstruction", quick=True)


def test_quick_measures_drawing_alone_and_says_so(plain_model):
    options, protocol = parse([str(plain_model), "--quick"])
    assert choose_parts(options, [subject(plain_model)]) == ("drawing",)
    assert "--only reconstruction, --only completion" in protocol.left_out
    options, _ = parse([str(plain_model)])
    assert choose_parts(options, [subject(plain_model)]) == PARTS


def test_classifiers_may_serve_a_choice_on_the_held_out_garments(plain_model, reference, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(plain_model, folder)
    _, protocol = parse([str(folder), "--against", "heldout", "--cas"])
    assert (protocol.against, protocol.cas_seeds) == ("heldout", 2)
    small = dataclasses.replace(
        protocol, samples=COUNT, cas_samples=COUNT, cas_seeds=1, style_seeds=12
    )
    results = evaluate([subject(folder)], reference, small, 7, "")
    assert "CAS gap" in format_table(results, small)
    gap = read_metrics(folder)["heldout"]["cas_gap"]
    assert gap["error"] == pytest.approx(  # of the 5,000 held out, not of the 10,000 of the test
        100 * sum(p * (1 - p) / 5_000 for p in _sides(read_metrics(folder)["heldout"])) ** 0.5,
        rel=0.01,
    )


def _sides(figures):
    return figures["cas_accuracy"]["value"], figures["cas_accuracy"]["floor"]


def test_a_folder_of_pictures_is_judged_too(reference, tmp_path):
    pixels = write_pictures(tmp_path / "pictures")
    opened = subject(tmp_path / "pictures")
    drawn = opened.draw(COUNT, 0)
    assert np.array_equal(drawn.pixels[3::10], pixels[3])
    assert drawn.labels[:12].tolist() == [*range(10), 0, 1]
    evaluate([opened], reference, CHOICE, 0, "")
    written = json.loads((tmp_path / "pictures" / "metrics.json").read_text(encoding="utf-8"))
    assert set(written["heldout"]) == KEYS - {"style_coherence"}
    with pytest.raises(ValueError, match=r"holds 20 pictures of .*; 21 are needed"):
        opened.draw(COUNT + 10, 0)


def test_class_folders_may_have_the_classes_names(tmp_path):
    write_pictures(tmp_path, 2)
    for path in tmp_path.iterdir():
        path.rename(tmp_path / path.name[2:].lower())
    assert subject(tmp_path).draw(20, 0).pixels.shape == (20, 28, 28, 1)
    (tmp_path / "bag").rename(tmp_path / "hat")
    with pytest.raises(ValueError, match="hat: not the folder of one of the classes"):
        subject(tmp_path).draw(20, 0)
    shutil.rmtree(tmp_path / "hat")
    with pytest.raises(ValueError, match="no sub-folder for 'Bag'"):
        subject(tmp_path).draw(20, 0)


@pytest.mark.parametrize(
    ("shape", "fault"), [((28, 28, 3), "28 × 28 RGB"), ((32, 32, 1), "32 × 32 L")]
)
def test_pictures_of_another_kind_are_refused(tmp_path, shape, fault):
    write_pictures(tmp_path, 1, shape)
    with pytest.raises(
        ValueError, match=f"00000.png is {fault}, the garments are 28 × 28 grey: convert"
    ):
        subject(tmp_path).draw(10, 0)


def test_a_broken_picture_is_named(tmp_path):
    write_pictures(tmp_path, 1)
    broken = next(tmp_path.glob("4-*/*.png"))
    broken.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=f"not a readable picture: {broken}.*replace it"):
        subject(tmp_path).draw(10, 0)
    save_png(np.random.RandomState(0).randint(0, 255, SHAPE, dtype=np.uint8), broken)
    broken.write_bytes(broken.read_bytes()[:200])  # a whole header
    with pytest.raises(ValueError, match=f"{broken} is damaged.*replace it"):
        subject(tmp_path).draw(10, 0)
    break_chunk(broken)
    with pytest.raises(ValueError, match=f"{broken} is damaged.*replace it"):
        subject(tmp_path).draw(10, 0)


def test_a_folder_that_cannot_be_judged_costs_the_others_nothing(
    plain_model, reference, tmp_path, capsys
):
    bad = shutil.copytree(plain_model, tmp_path / "bad")
    subjects = [subject(bad), subject(shutil.copytree(plain_model, tmp_path / "good"))]
    subjects[0].generator.mapping.embed.weight.data[4] = torch.nan
    results = evaluate(subjects, reference, CHOICE, 0, "c")
    assert [folder.name for folder in results] == ["good"]
    told = capsys.readouterr().err
    assert f"{bad}: " in told
    assert "is not finite" in told
    with pytest.raises(ValueError, match="is not finite"):
        evaluate(subjects[:1], reference, CHOICE, 0, "c")


def test_models_of_other_pictures_are_refused(tmp_path):
    for name, change, fault in (
        ("rgb", {"image_channels": 3}, "28 × 28 RGB pictures, the garments are 28 × 28 grey"),
        ("large", {"image_size": 56, "base_size": 14}, "56 × 56 grey pictures"),
        (
            "others",
            {"class_names": ("a", "b")},
            r"class_names are \('a', 'b'\), those of the garments",
        ),
    ):
        write_tiny_model(tmp_path / name, False, dataclasses.replace(TINY, **change))
        with pytest.raises(ValueError, match=fault):
            subject(tmp_path / name)


def test_a_picture_that_is_not_finite_is_named(plain_model):
    generator = load_generator(plain_model)
    generator.mapping.embed.weight[4] = torch.nan
    with pytest.raises(
        ValueError, match=r"here: seed 24, label 4 is not finite; .* earlier snapshot"
    ):
        draw(generator, np.arange(10), range(20, 30), "here")


def test_path_lengths_repeat_themselves(plain_model):
    generator = load_generator(plain_model)
    first = measure_path_lengths(generator, 12, 5)
    assert first == measure_path_lengths(generator, 12, 5)
    assert first.ratio == pytest.approx(first.w / first.z)
    assert min(first.w, first.z, *first.errors) > 0
    with pytest.raises(ValueError, match="pairs must be ten or more, not 9"):
        measure_path_lengths(generator, 9, 5)


def test_cost_counts_every_multiplication():
    torch.manual_seed(0)
    generator = Generator(TINY).eval().requires_grad_(False)
    found = measure_cost(generator)
    convolutions = [m for m in generator.modules() if isinstance(m, torch.nn.Conv2d)]
    sizes = [14, 14, 7, 28, 28, 14, 28]  # two convolutions and a skip for each block, the output
    least = sum(c.weight.numel() * size**2 for c, size in zip(convolutions, sizes, strict=True))
    assert least / 1e6 < found["mmac"] < 1.3 * least / 1e6
    assert found["ms_batch_1"] > 0 < found["ms_batch_100"]


def test_it_says_beforehand_how_long_it_will_take(plain_model):
    quick, full = (estimate_minutes(subject(plain_model), p) for p in (QUICK, FULL))
    assert 0 < sum(quick) < sum(full)


def test_the_command_names_what_is_wrong(plain_model, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    pictures = tmp_path / "pictures"
    write_pictures(pictures, count=1)
    weights = tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(1)}, weights)
    for given, fault in (
        ([tmp_path / "none"], "no such folder"),
        ([tmp_path / "empty"], "neither a model folder (config.json is missing) nor one of"),
        ([plain_model, "--inception-weights", tmp_path / "no.pth"], "no.pth: no such file"),
        ([plain_model, "--inception-weights", weights], "weights.pth: sha256 is"),
        ([plain_model, "--only", "reconstruction"], "has no encoder of its generator: python -m"),
        ([pictures, "--only", "completion"], "holds pictures: --only completion needs a model"),
    ):
        assert main([str(x) for x in given]) == 1
        assert fault in capsys.readouterr().err
    for given, fault in (
        (["--quick", "--against", "heldout"], "--quick is for --against test"),
        (["--cas"], "--cas is for --against heldout"),
        (["--seed", "-1"], "--seed must be in 0..4294802296, not -1"),
        (["--quick", "--seed", "4294967295"], "--seed must be in 0..4294957296, not 4294967295"),
        (["--only", "completion", "--against", "heldout"], "completion is for --against test"),
    ):
        with pytest.raises(SystemExit):
            main([str(plain_model), *given])
        assert fault in capsys.readouterr().err
    with pytest.raises(FeatureError, match="weights-inception-2015-12-05-6726825d"):
        space_i(weights)
