"""Game: ten rounds against the critic, each a garment that is real or made."""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import gradio as gr

from model.game import ROUNDS, Game, GameError, Keeper, Round
from model.referee import LADDER_CLASS, Referee
from model.studio import Studio
from model.weights import ModelFolderError
from ui.desk import Answer, Desk, Json, encode, png_address
from ui.game_card import Result, draw_card
from ui.parts import screen
from ui.shelf import MAX_STUDIOS

KEY_VARIABLE = "TRAMA_GAME_KEY"
"""A secret of the operator's: with it, links to results outlive a restart."""


class Play:
    """What the game asks the server; what is true of a round stays here until its vote."""

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.time) -> None:
        secret = os.environ.get(KEY_VARIABLE)
        self.desk, self._clock = desk, clock
        self._keeper = Keeper(secret.encode() if secret else None)
        self._referees: OrderedDict[Studio, Referee] = OrderedDict()
        self._lock = threading.Lock()

    def levels(self, request: Json) -> Answer:
        """Moments of training that a game can be of, and one garment as each of them wove it."""
        del request
        referee = self._referee()
        return {
            "seen": referee.moments,
            "label": self.desk.label(LADDER_CLASS),
            "pixels": encode(referee.ladder),
        }

    def new_game(self, request: Json) -> Answer:
        """A game's first garment; the made ones are of one moment of training."""
        moments, moment = self._referee().moments, request.get("moment")
        if type(moment) is not int or not 0 <= moment < len(moments):
            raise ValueError(f"moment must be in 0..{len(moments) - 1}, not {str(moment)[:40]!r}")
        game = self._keeper.start(self.desk.studio.digest, moment, self._clock())
        return self._told(game, [])

    def cast_vote(self, request: Json) -> Answer:
        """The visitor's vote on the garment in hand, then what it was, and the next one."""
        real = request.get("real")
        if type(real) is not bool:
            raise ValueError(f"real must be true or false, not {str(real)[:40]!r}")
        try:
            game = self._read(request).with_vote(real)
            return self._told(game, [len(game.votes) - 1])
        except GameError as error:
            return _refused(error)

    def see_result(self, request: Json) -> Answer:
        """A game that is over, from its link: all of its rounds."""
        try:
            return self._told(self._finished(request), list(range(ROUNDS)))
        except GameError as error:
            return _refused(error)

    def share_card(self, request: Json) -> Answer:
        """A game that is over as a PNG to share."""
        language = request.get("language")
        if language != "pt" and language != "en":
            raise ValueError(f"language must be pt or en, not {str(language)[:40]!r}")
        try:
            game = self._finished(request)
        except GameError as error:
            return _refused(error)
        referee, asked = self._referee(), self._rounds(game)
        results = []
        for round_, vote in zip(asked, game.votes, strict=True):
            pixels = referee.known(round_, game.moment)
            ruling = referee.rule(pixels, round_.label)
            hit, theirs = vote == round_.real, ruling.real == round_.real
            results.append(Result(pixels, round_.label, round_.real, hit, theirs))
        seen = referee.moments[game.moment]
        png = draw_card(self.desk.studio.config, results, seen, language)
        return {"file": png_address(png)}

    def _told(self, game: Game, rounds: list[int]) -> Answer:
        """A game: what is known of some rounds that are over, and the garment of the next."""
        referee, asked = self._referee(), self._rounds(game)
        answer: Answer = {
            "game": self._keeper.token(game),
            "moment": game.moment,
            "past": [self._past(game, number) for number in rounds],
        }
        if not game.over:
            next_one = asked[len(game.votes)]
            answer["label"] = next_one.label
            answer["pixels"] = encode(referee.pixels(next_one, game.moment))
        return answer

    def _past(self, game: Game, number: int) -> Answer:
        """All there is to say of a round that is over."""
        referee, asked = self._referee(), self._rounds(game)[number]
        pixels = referee.known(asked, game.moment)
        ruling, tell = referee.rule(pixels, asked.label), referee.tell(pixels, asked.label)
        return {
            "number": number + 1,
            "label": asked.label,
            "real": asked.real,
            "you": game.votes[number] == asked.real,
            "critic": ruling.real == asked.real,
            "score": round(ruling.score),
            "tell": tell and [tell.measure, tell.more, tell.percent],
            "pixels": encode(pixels),
        }

    def _rounds(self, game: Game) -> tuple[Round, ...]:
        classes = self.desk.studio.config.num_classes
        return self._keeper.rounds(game, classes, self._referee().each)

    def _finished(self, request: Json) -> Game:
        game = self._read(request)
        if not game.over:
            raise GameError("game_unfinished", f"game has {len(game.votes)} votes of {ROUNDS}")
        return game

    def _read(self, request: Json) -> Game:
        game = self._keeper.read(request.get("game"), self._clock())
        studio, moments = self.desk.studio, self._referee().moments
        if game.digest != studio.digest or game.moment >= len(moments):
            raise GameError("game_model", f"game is of revision {game.digest} of a model")
        return game

    def _referee(self) -> Referee:
        studio = self.desk.studio
        with self._lock:
            referee = self._referees.get(studio)
            if referee is None:
                try:
                    referee = self._referees[studio] = Referee(studio)
                except ModelFolderError as error:
                    raise ValueError(f"model has no game: {error}") from error
                if len(self._referees) > MAX_STUDIOS:  # a shelf holds no more either
                    self._referees.popitem(last=False)
            return referee


def _refused(error: GameError) -> Answer:
    return {"error": str(error), "reason": error.reason}


def build(desk: Desk) -> gr.HTML:
    """You against the critic."""
    play = Play(desk)
    calls = [play.levels, play.new_game, play.cast_vote, play.see_result, play.share_card]
    return screen("game", calls, {"rounds": ROUNDS})
