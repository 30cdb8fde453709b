"""CAS and the study on slices of real garments."""

import dataclasses

import numpy as np
import pytest
import torch

from model.config import ConfigError
from training.cas import CasConfig, _kept, cached_cas, cas_score
from training.data import ImageSet, load_fashion_mnist
from training.mixing import StudyRow, balanced, study, study_plot, study_table, verdict

TINY = CasConfig(epochs=3, batch_size=64, widths=(8, 8, 16), hidden=32, learning_rate=2e-3,
                 precision="fp32")  # fmt: skip


def cut(data: ImageSet, count: int) -> ImageSet:
    return ImageSet(data.pixels[:count], data.labels[:count], data.class_names)


@pytest.fixture(scope="module")
def train() -> ImageSet:
    return cut(load_fashion_mnist("train"), 1_500)


@pytest.fixture(scope="module")
def test() -> ImageSet:
    return cut(load_fashion_mnist("test"), 500)


def score(train: ImageSet, test: ImageSet, seed: int = 0, config: CasConfig = TINY):
    return cas_score(train.pixels.numpy(), train.labels.numpy(), test, seed, config)


def test_it_learns_and_the_same_seed_is_the_same_score(train, test):
    first = score(train, test)
    assert first.accuracy > 0.5
    assert len(first.by_class) == 10
    counts = np.bincount(test.labels.numpy(), minlength=10)
    assert np.average(first.by_class, weights=counts) == pytest.approx(first.accuracy)
    before = torch.random.get_rng_state()
    assert score(train, test) == first
    assert torch.equal(torch.random.get_rng_state(), before)
    assert score(train, test, seed=1) != first


def test_wrong_labels_teach_nothing_and_bf16_teaches_the_same(train, test):
    wrong = dataclasses.replace(train, labels=train.labels.roll(1))
    assert score(wrong, test).accuracy < 0.3
    bf16 = score(train, test, config=dataclasses.replace(TINY, precision="bf16"))
    assert bf16.accuracy == pytest.approx(score(train, test).accuracy, abs=0.06)


def test_dropout_keeps_the_mean_and_the_share():
    mask = _kept((100, 1000), 0.5, seed=3, step=7)
    assert set(mask.unique().tolist()) == {0.0, 2.0}
    assert mask.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(mask, _kept((100, 1000), 0.5, 3, 7))
    assert not torch.equal(mask, _kept((100, 1000), 0.5, 3, 8))
    assert (_kept((2, 3), 0.0, 0, 0) == 1).all()


def test_a_row_is_kept_by_pictures_seed_and_configuration(train, test, tmp_path):
    few = cut(train, 100)
    arrays = few.pixels.numpy(), few.labels.numpy()
    first = cached_cas(*arrays, test, 0, TINY, cache_dir=tmp_path)
    (stored,) = tmp_path.iterdir()
    stored.write_text(stored.read_text().replace(f"{first.accuracy}", "0.125"))
    assert cached_cas(*arrays, test, 0, TINY, cache_dir=tmp_path).accuracy == 0.125
    longer = dataclasses.replace(TINY, epochs=4)
    assert cached_cas(*arrays, test, 0, longer, cache_dir=tmp_path).accuracy != 0.125
    assert cached_cas(*arrays, test, 1, TINY, cache_dir=tmp_path).accuracy != 0.125


def test_a_damaged_row_is_computed_again(train, test, tmp_path, capsys):
    few = cut(train, 100)
    arrays = few.pixels.numpy(), few.labels.numpy()
    first = cached_cas(*arrays, test, 0, TINY, cache_dir=tmp_path)
    (stored,) = tmp_path.iterdir()
    whole = stored.read_text()
    for content in ("", whole[:20], "[]", '{"accuracy": 0.5}', '{"accuracy": 2, "by_class": []}',
                    '{"accuracy": 0.5, "by_class": 3}', "\xff"):  # fmt: skip
        stored.write_text(content, encoding="latin-1")
        assert cached_cas(*arrays, test, 0, TINY, cache_dir=tmp_path) == first
        told = capsys.readouterr().out
        assert told.startswith(f"{stored} is damaged")
        assert told.count("\n") == 1
        assert list(tmp_path.iterdir()) == [stored]
        assert stored.read_text() == whole


def test_bad_input_is_named(train, test):
    pixels, labels = train.pixels.numpy(), train.labels.numpy()
    for wrong, match in (
        ((pixels.astype(np.float32), labels), "pixels must be uint8"),
        ((pixels[:, :14], labels), r"pixels must be.*14"),
        ((np.repeat(pixels, 3, 3), labels), "pixels must be"),
        ((pixels, labels[:5]), "labels must be"),
        ((pixels[:0], labels[:0]), "labels must be"),
        ((pixels, labels + 1), r"labels must be in 0\.\.9"),
    ):
        with pytest.raises(ValueError, match=match):
            cas_score(*wrong, test, 0, TINY)
    with pytest.raises(ValueError, match="seed"):
        cas_score(pixels, labels, test, -1, TINY)
    for field, value in (("epochs", 0), ("dropout", 1.0), ("precision", "fp8"), ("min_steps", -1)):
        with pytest.raises(ConfigError, match=field):
            CasConfig(**{field: value})


def test_balanced_takes_as_many_of_each_class_that_there_is(train):
    picked = balanced(train, 103)
    assert sorted(np.bincount(train.labels[picked]).tolist()) == [10] * 7 + [11] * 3
    assert len(np.unique(picked)) == 103
    assert set(balanced(train, 10)) <= set(balanced(train, 50))
    with pytest.raises(ValueError, match="count 3000"):
        balanced(train, 3_000)


def test_the_study_finds_help_where_real_pictures_are_few(train, test, tmp_path):
    """The "synthetic" pictures here are other real ones, so the answer is known."""
    other = load_fashion_mnist("heldout")
    arrays = other.pixels.numpy()[::4], other.labels.numpy()[::4]
    config = dataclasses.replace(TINY, epochs=1, min_steps=120)
    rows = study(cut(train, 400), test, *arrays, counts=(30, 1000), config=config,
                 cache_dir=tmp_path)  # fmt: skip
    assert [(row.real, row.synthetic) for row in rows] == [(30, 1250), (400, 1250)]
    assert rows[0].gain > 3
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(kept) == 4  # every training, so that an interrupted study goes on
    again = study(cut(train, 400), test, *arrays, counts=(30,), config=config, cache_dir=tmp_path)
    assert again == rows
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept
    assert study_table(rows).count("\n") == 3
    assert study_plot(rows, 0.7)[:4] == b"\x89PNG"


def test_the_verdict_does_not_flatter():
    rows = [
        StudyRow(100, 9, 0.70, 0.80),
        StudyRow(1000, 9, 0.85, 0.853),
        StudyRow(55000, 9, 0.92, 0.89),
    ]
    said = verdict(rows, 10_000)
    assert "helps with 100 (+10.0 points)" in said
    assert "hurts with 55,000 (-3.0 points)" in said
    assert "no clear difference with 1,000 (+0.3 points)" in said
    assert "helps" not in verdict(rows[2:], 10_000)
