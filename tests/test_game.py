"""The game against the critic: rules, seals, garments, votes, tells and the card."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.game import PLAY_SECONDS, ROUNDS, Game, GameError, Keeper
from model.opinion import load_heaps
from model.referee import Referee, can_referee, thresholds
from model.storage import ModelFolderError
from model.studio import Studio
from model.tells import find_tell, measure
from model.test_garments import TEST_GARMENTS, load_test_garments
from tests.conftest import write_tiny_model
from training.data import load_fashion_mnist
from training.sample import draw_sample
from ui.desk import Answer, Desk, answering
from ui.game import Play

NOW = 1_000_000


@pytest.fixture(scope="module")
def play(studio: Studio) -> Play:
    return Play(Desk(studio), clock=lambda: NOW)


def vote(play: Play, game: object, real: object) -> Answer:
    return answering(play.cast_vote)({"game": game, "real": real})


def finish(play: Play, moment: int = 0) -> tuple[list[Answer], Answer]:
    """Rounds of a game in which everything is called real, and its last answer."""
    answer, past = play.new_game({"moment": moment}), []
    while "pixels" in answer:
        answer = vote(play, answer["game"], True)
        past += answer["past"]
    return past, answer


def test_the_shipped_garments_are_of_the_test_set_and_what_the_command_draws() -> None:
    garments = load_test_garments()
    assert garments.shape == (10, 50, 28, 28, 1)
    assert TEST_GARMENTS.stat().st_size <= 300_000
    assert "MIT" in TEST_GARMENTS.with_suffix(".md").read_text(encoding="utf-8")
    sheet = draw_sample(load_fashion_mnist("test"))
    tiles = sheet.reshape(10, 28, 50, 28).transpose(0, 2, 1, 3)[..., None]
    assert np.array_equal(tiles, garments)


@pytest.mark.parametrize("content", [b"", b"GIF89a", None])
def test_a_sheet_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "sheet.png"
    if content is None:
        Image.new("L", (29, 280)).save(path)
    else:
        path.write_bytes(content)
    with pytest.raises(ModelFolderError, match=r"sheet\.png"):
        load_test_garments(path)


def test_a_model_without_a_history_has_one_moment(tmp_path: Path, studio: Studio) -> None:
    assert Referee(studio).moments == (10_000, 800_000)
    alone = Referee(Studio.open(write_tiny_model(tmp_path / "alone")))
    assert alone.moments == (None,)
    assert alone.ladder.shape == (1, 28, 28, 1)


def test_a_game_is_its_token_and_nothing_else() -> None:
    keeper = Keeper(b"key")
    game = keeper.start("0a1b2c3d", 5, NOW)
    for real in (True, False, True):
        game = game.with_vote(real)
    token = keeper.token(game)
    assert re.fullmatch(r"[A-Za-z0-9_-]{48}", token)
    assert Keeper(b"key").read(token, NOW + 1) == game
    rounds = keeper.rounds(game, 10, 50)
    assert rounds == Keeper(b"key").rounds(game, 10, 50)
    assert rounds != Keeper().rounds(game, 10, 50)  # the token alone does not tell
    assert sorted(asked.label for asked in rounds) == list(range(10))
    many = [keeper.rounds(keeper.start("0a1b2c3d", 0, NOW), 10, 50) for _ in range(200)]
    real = np.array([[asked.real for asked in rounds] for rounds in many])
    assert 0.4 < real.mean() < 0.6
    assert len(set(real.sum(1))) > 3  # not five of each: counting would help
    with pytest.raises(GameError, match="10 votes"):
        Game("00", 0, b"", 0, (True,) * ROUNDS).with_vote(True)


def test_what_was_tampered_with_or_is_late_says_so() -> None:
    keeper = Keeper()
    game = keeper.start("0a1b2c3d", 5, NOW)
    token = keeper.token(game)

    def reason(token: object, keeper: Keeper = keeper, now: float = NOW) -> str:
        with pytest.raises(GameError) as caught:
            keeper.read(token, now)
        return caught.value.reason

    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert reason(changed) == "game_seal"
    assert reason(token, Keeper()) == "game_seal"
    for bad in (None, 3, "", token[:-1], token + "A", "*" * 48, "é" * 48, [token]):
        assert reason(bad) == "game_malformed"
    assert reason(token, now=NOW + PLAY_SECONDS + 1) == "game_late"
    for _ in range(ROUNDS):
        game = game.with_vote(False)
    assert keeper.read(keeper.token(game), NOW + 9 * PLAY_SECONDS).over


def test_ten_rounds_are_scored_and_the_answer_comes_after_the_vote(play: Play) -> None:
    first = play.new_game({"moment": 0})
    assert set(first) == {"game", "moment", "past", "label", "pixels"}
    assert first["past"] == []
    past, last = finish(play)
    assert [round_["number"] for round_ in past] == list(range(1, ROUNDS + 1))
    assert all(round_["you"] == round_["real"] for round_ in past)
    assert all(0 <= round_["score"] <= 100 for round_ in past)
    assert "pixels" not in last
    shown = answering(play.see_result)({"game": last["game"]})
    assert shown["past"] == past
    over = vote(play, last["game"], True)
    assert over["reason"] == "game_over"


def test_real_and_made_garments_travel_alike(play: Play) -> None:
    sizes = {
        (len(base64.b64decode(round_["pixels"])), len(round_["pixels"]))
        for _ in range(2)
        for round_ in finish(play, 1)[0]
    }
    assert sizes == {(784, 1048)}


@pytest.mark.parametrize(
    ("call", "request_", "told"),
    [
        ("new_game", {"moment": 2}, "moment must be in 0..1"),
        ("new_game", {"moment": True}, "moment must be in 0..1"),
        ("new_game", {}, "moment must be in 0..1"),
        ("cast_vote", {"game": "x", "real": True}, "game must be a token"),
        ("cast_vote", {"real": "yes"}, "real must be true or false"),
        ("see_result", {"game": None}, "game must be a token"),
        ("share_card", {"game": "x", "language": "pt"}, "game must be a token"),
        ("share_card", {"language": "de"}, "language must be pt or en"),
    ],
)
def test_a_bad_request_is_told_by_field(play: Play, call: str, request_: Answer, told: str) -> None:
    assert told in answering(getattr(play, call))(request_)["error"]


def test_games_of_others_and_unfinished_ones(play: Play, studio: Studio) -> None:
    game = play.new_game({"moment": 1})["game"]
    assert answering(play.see_result)({"game": game})["reason"] == "game_unfinished"
    foreign = play._keeper.token(play._keeper.start("00000000", 0, NOW))
    assert vote(play, foreign, True)["reason"] == "game_model"
    assert vote(Play(Desk(studio)), game, True)["reason"] == "game_seal"


def test_the_operators_key_outlives_a_restart(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMA_GAME_KEY", "a secret")
    desk = Desk(studio)
    past, last = finish(Play(desk, clock=lambda: NOW))
    again = Play(desk, clock=lambda: NOW).see_result({"game": last["game"]})
    assert again["past"] == past


@pytest.mark.parametrize("language", ["pt", "en"])
def test_the_card_is_a_picture_that_says_where_it_is_from(play: Play, language: str) -> None:
    _, last = finish(play)
    answer = answering(play.share_card)({"game": last["game"], "language": language})
    head, data = answer["file"].split(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as card:
        assert card.size == (1200, 630)
        assert "Generated by AI" in card.text["Source"]
        assert "MIT" in card.text["Comment"]


def test_the_critic_votes_where_the_heaps_part(tiny_model: Path, studio: Studio) -> None:
    heaps = load_heaps(tiny_model)
    cut = thresholds(heaps)
    assert cut.shape == (10,)
    # The real heap lies half a unit above the made one: between their ends they part equally.
    assert ((cut > 20) & (cut < 80)).all()
    referee = Referee(studio)
    garment = load_test_garments()[3, 0]
    ruling = referee.rule(garment, 3)
    assert ruling.real == (ruling.score >= cut[3])


def test_a_model_without_a_scale_has_no_game(plain_model: Path, studio: Studio) -> None:
    assert can_referee(studio)
    assert not can_referee(Studio.open(plain_model))
    assert not can_referee(Studio(studio.generator, studio.name, studio.digest))


def test_a_ruler_finds_what_stands_out_and_nothing_else() -> None:
    coats = load_test_garments()[4]
    real = measure(coats)
    assert all(len(values) == 50 for values in real.values())
    light = np.where(coats[0] > 30, 255, 0).astype(np.uint8)
    found = find_tell(light, real)
    assert found is not None
    assert found.percent >= 96
    quiet = [coat for coat in coats if find_tell(coat, real) is None]
    assert len(quiet) >= 25
    assert all(np.isfinite(v).all() for v in measure(np.zeros_like(coats[:1])).values())


def test_the_card_groups_digits_as_its_language_does() -> None:
    from ui.game_card import _grouped

    assert [_grouped(240_000, language) for language in ("pt", "en")] == ["240.000", "240,000"]
