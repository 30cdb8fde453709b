"""Ten rounds against the critic: real or made? The rules, and the seal that keeps the answers.

Nothing of a game is kept in memory. All that it will ask follows from a number drawn by chance and
a key that only the server has: who sees the token and the garments, but not the key, knows no answer
before the vote. The token carries the votes too, under a seal, so a score cannot be written by hand.
(Who votes twice with one token sees what either vote gives: that cheats nobody but the cheat.)
"""

import base64
import binascii
import dataclasses
import hashlib
import hmac
import reprlib
import secrets
import struct

ROUNDS = 10
PLAY_SECONDS = 2 * 60 * 60
"""How long a game waits for its next vote; one that is over stays readable."""

NONCE_BYTES = 9
_FORMAT = struct.Struct(f">BB{NONCE_BYTES}sIBH4s")  # 22 bytes, and 14 of seal: 48 letters
_SEAL_BYTES = 14
_VERSION = 1
TOKEN_LENGTH = (_FORMAT.size + _SEAL_BYTES) * 4 // 3


class GameError(ValueError):
    """A game that cannot go on; `reason` is a word that a page can translate.

    The reasons are game_malformed, game_seal, game_model, game_late, game_over and game_unfinished.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclasses.dataclass(frozen=True)
class Round:
    """One question: a real garment of `label` by its `place`, or one made from `seed`."""

    label: int
    real: bool
    place: int
    seed: int


@dataclasses.dataclass(frozen=True)
class Game:
    """A game as its token tells it: True in `votes` says that a garment is real."""

    digest: str
    moment: int
    nonce: bytes
    started_seconds: int
    votes: tuple[bool, ...] = ()

    @property
    def over(self) -> bool:
        """Whether every round has its vote."""
        return len(self.votes) == ROUNDS

    def with_vote(self, real: bool) -> "Game":
        """The game after one more vote.

        Raises:
            GameError: it is over.
        """
        if self.over:
            raise GameError("game_over", f"game is over: it had its {ROUNDS} votes")
        return dataclasses.replace(self, votes=(*self.votes, real))


class Keeper:
    """Starts games, seals and reads their tokens, and alone knows what they will ask."""

    def __init__(self, key: bytes | None = None) -> None:
        """A keeper with a key of its own, or the one given, by which older tokens stay readable."""
        self._key = key or secrets.token_bytes(32)

    def start(self, digest: str, moment: int, now_seconds: float) -> Game:
        """A new game against the critic of the model with this digest."""
        return Game(digest, moment, secrets.token_bytes(NONCE_BYTES), int(now_seconds))

    def token(self, game: Game) -> str:
        """The game as 48 letters of URL-safe base64."""
        votes = sum(vote << place for place, vote in enumerate(game.votes))
        told = _FORMAT.pack(
            _VERSION,
            game.moment,
            game.nonce,
            game.started_seconds,
            len(game.votes),
            votes,
            bytes.fromhex(game.digest),
        )
        return base64.urlsafe_b64encode(told + self._seal(told)).decode()

    def read(self, token: object, now_seconds: float) -> Game:
        """The game of a token.

        Raises:
            GameError: not a token, not sealed by this keeper, or of a game that waited too long.
        """
        whole = _decode(token)
        told, seal = whole[: _FORMAT.size], whole[_FORMAT.size :]
        if not hmac.compare_digest(seal, self._seal(told)):
            raise GameError("game_seal", "game was changed, or is of before the page was restarted")
        version, moment, nonce, started, count, votes, digest = _FORMAT.unpack(told)
        if version != _VERSION:
            raise GameError("game_seal", f"game must be of version {_VERSION}, not {version}")
        cast = tuple(bool(votes >> place & 1) for place in range(count))
        game = Game(digest.hex(), moment, nonce, started, cast)
        if not game.over and now_seconds - started > PLAY_SECONDS:
            raise GameError("game_late", f"game waited longer than {PLAY_SECONDS // 3600} hours")
        return game

    def rounds(self, game: Game, classes: int, each: int) -> tuple[Round, ...]:
        """All that a game asks; each round is a coin's toss, so that counting does not help.

        Args:
            game: whose votes do not matter.
            classes: labels are in 0 .. classes - 1, all of them before one comes again.
            each: real garments of each class.
        """
        order: list[int] = []
        while len(order) < ROUNDS:
            lap = len(order)
            order += sorted(range(classes), key=lambda c: self._draw(game, f"order {lap} {c}"))
        rounds = []
        for number, label in enumerate(order[:ROUNDS]):
            drawn = self._draw(game, f"round {number}")
            place, seed = struct.unpack_from(">II", drawn, 1)
            rounds.append(Round(label, bool(drawn[0] & 1), place % each, seed))
        return tuple(rounds)

    def _draw(self, game: Game, purpose: str) -> bytes:
        """32 bytes that nobody without the key can tell from chance."""
        about = b"draw\0" + game.nonce + bytes([game.moment]) + purpose.encode()
        return hmac.digest(self._key, about, hashlib.sha256)

    def _seal(self, told: bytes) -> bytes:
        return hmac.digest(self._key, b"seal\0" + told, hashlib.sha256)[:_SEAL_BYTES]


def _decode(token: object) -> bytes:
    """The bytes of a token; only one text stands for them."""
    if not isinstance(token, str) or len(token) != TOKEN_LENGTH or not token.isascii():
        raise GameError("game_malformed", f"game must be a token, not {reprlib.repr(token)}")
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise GameError("game_malformed", f"game must be a token, not {token!r}") from error
