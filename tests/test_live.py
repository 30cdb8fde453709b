"""The duel and a live training: it stops on time, shows what breaks it, and depends on its seed."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from model.duel import take_turns
from model.lesson import DUEL, RUNS, read_garments, read_recording
from model.live import BATCH, MAX_SECONDS, SHEET, Knobs, Live, Rules, train_live
from model.pixels import to_img
from model.storage import ModelFolderError
from training import lesson
from training.publish import space_files


@pytest.fixture(scope="module")
def boots():
    return read_garments()


def test_the_generator_is_judged_by_the_critic_that_has_just_learnt():
    told = []
    critic = torch.nn.Parameter(torch.tensor(0.0))
    img = torch.full((4, 1, 2, 2), 0.5, requires_grad=True)

    def judge(img, label, made, frozen):
        told.append((len(img), made.tolist(), float(critic.detach()), frozen))
        return img.mean((1, 2, 3)) * (critic.detach() if frozen else critic)

    def learn(loss, name):
        told.append(name)
        loss.backward()
        if name == "critic_loss":
            critic.data += 1

    real, label = torch.ones(4, 1, 2, 2), torch.zeros(4, dtype=torch.int64)
    turns = take_turns(judge, real, img, label, (learn, learn))
    assert told == [
        (8, [0] * 4 + [1] * 4, 0.0, False),
        "critic_loss",
        (4, [1] * 4, 1.0, True),
        "generator_loss",
    ]
    assert critic.grad is not None
    assert img.grad is not None
    assert turns.fake_logits.tolist() == [0] * 4
    assert turns.pleased_logits.tolist() == [0.5] * 4


def test_a_live_training_shows_itself_and_ends_in_time(boots):
    moments = list(train_live(boots, Knobs(), seconds=1.5, moments_per_second=4))
    assert [m.ended for m in moments[:-1]] == [""] * (len(moments) - 1)
    assert moments[-1].ended == "time"
    assert moments[-1].seconds < 4
    assert moments[-1].sheet.shape == (SHEET, 28, 28, 1)
    steps = sum(len(m.critic_losses) for m in moments)
    assert steps == sum(len(m.generator_losses) for m in moments)
    assert moments[-1].images_seen == steps * BATCH


def test_who_stops_asking_stops_it(boots):
    training = train_live(boots, Knobs(), moments_per_second=100)
    first = next(training)
    training.close()
    assert first.images_seen == BATCH
    assert list(training) == []


def test_a_step_that_is_too_large_is_a_lesson_and_no_crash(boots):
    knobs = Knobs(learning_rate=1.0, critic_strength=100, penalty=0)
    moments = list(itertools.islice(train_live(boots, knobs, seconds=MAX_SECONDS), 400))
    assert moments[-1].ended in ("not finite", "time")
    assert np.isfinite(moments[-1].critic_losses).all()


def test_the_same_seed_is_the_same_training(boots):
    img = to_img(torch.from_numpy(boots))
    sheets, losses = [], []
    for seed in (1, 1, 2):
        live = Live(img, Knobs(), seed)
        losses.append([float(live.step().critic_loss) for _ in range(3)])
        sheets.append(live.sheet())
    assert losses[0] == losses[1] != losses[2]
    assert np.array_equal(sheets[0], sheets[1])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("critic_strength", 101),
        ("penalty", -1),
        ("penalty", "1"),
    ],
)
def test_a_knob_beyond_its_end_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        dataclasses.replace(Knobs(), **{field: value})


def test_budgets_are_bounded(boots):
    with pytest.raises(ValueError, match="seconds"):
        next(train_live(boots, Knobs(), seconds=MAX_SECONDS + 1))


def test_recordings_are_whole_and_small():
    size = 0
    for name in RUNS:
        run = read_recording(name)
        assert run.pixels.shape[0] == len(run.figures["images_seen"])
        assert len(run.figures["losses"]["critic"]) >= len(run.figures["images_seen"])
        size += sum((lesson.LESSON_FOLDER / f"{name}.{e}").stat().st_size for e in ("png", "json"))
    assert size < 3 * 500_000
    duel = read_recording(DUEL)
    assert duel.pixels.shape == (3, 8, 28, 28, 1)
    made, real = duel.figures["made"], duel.figures["real"]
    gaps = [np.mean(real[k]) - np.mean(made[k]) for k in ("before", "learnt")]
    assert gaps[1] > gaps[0]  # the critic tells them apart better than before
    assert np.mean(made["after"]) > np.mean(made["learnt"])  # and the generator answers
    assert "weights/lesson/duel.png" in space_files()
    assert read_garments().shape == (lesson.GARMENTS, 28, 28, 1)


def test_what_is_not_recorded_is_told(tmp_path):
    with pytest.raises(ValueError, match="recording must be one of"):
        read_recording("../secrets")
    with pytest.raises(ModelFolderError, match=r"duel\.json is missing"):
        read_recording(DUEL, tmp_path)
    (tmp_path / "boots.png").write_bytes(b"no picture")
    with pytest.raises(ModelFolderError, match="not a whole picture"):
        read_garments(tmp_path)


def test_a_failing_run_is_recorded(tmp_path, monkeypatch):
    shorter = lesson.Failure(Knobs(), label=9, steps=24)
    monkeypatch.setitem(lesson.FAILURES, "too-fast", shorter)
    assert lesson.main(["too-fast", "garments", "--folder", str(tmp_path)]) == 0
    run = read_recording("too-fast", tmp_path)
    assert run.pixels.shape == (12, 8, 28, 28, 1)
    assert len(run.figures["losses"]["critic"]) == 24
    assert len(run.figures["variety"]) == 12


def test_the_recorded_collapse_is_one_by_its_measured_variety():
    run = read_recording("collapse")
    shares, real = run.figures["variety"], lesson.FAILURES["collapse"]
    assert shares[-1] < 0.15
    assert min(shares[:2]) > 2 * shares[-1]  # it had more at first
    sheet = run.pixels[-1].astype(float)
    apart = np.abs(sheet[:, None] - sheet[None]).mean((2, 3, 4))
    assert apart.max() < 12  # grey levels: each garment is each other one
    assert run.figures["generator_turns"] == real.rules.generator_turns
    assert not run.figures["shows_spread"]


def test_rules_are_the_project_s_unless_others_are_asked_for(boots):
    img = to_img(torch.from_numpy(boots[:64]))
    blind, usual = (Live(img, Knobs(), rules=Rules(shows_spread=s)) for s in (False, True))
    real, z = usual.draw_batch()
    made = usual.make(z)
    alike = made[:1].repeat(BATCH, 1, 1, 1)
    for live, differs in ((usual, True), (blind, False)):
        among_others, repeated = (live.opinions(real, batch)[1][0] for batch in (made, alike))
        assert bool((among_others - repeated).abs() > 1e-4) is differs

    turns = Live(img, Knobs(), rules=Rules(loss="hinge", generator_turns=3))
    steps: list[str] = []
    turns._descend_generator, descend = (
        lambda *a: (steps.append(a[1]), descend(*a)),
        turns._descend_generator,
    )
    turns.step()
    assert steps == ["generator_loss"] * 3
    assert turns.images_seen == BATCH
