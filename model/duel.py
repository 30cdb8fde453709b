"""The duel: one turn of the critic and one of the generator, on one batch.

It stands in `model` because the page shows it and plays it live (`model.live`), and may not import
`training`, whose loop takes its steps with the same function.
"""

import dataclasses
from collections.abc import Callable
from typing import Protocol

import torch

from model.losses import Loss, discriminator_loss, generator_loss


class Judge(Protocol):
    """The critic as the duel needs it."""

    def __call__(
        self, img: torch.Tensor, label: torch.Tensor, made: torch.Tensor, frozen: bool
    ) -> torch.Tensor:
        """Logits [N] of img [N, C, H, W]; `made` [N] is 1 where the generator made it.

        With `frozen` no gradient reaches the critic itself.
        """


@dataclasses.dataclass(frozen=True)
class Turns:
    """What was said and paid in one turn of each, detached.

    `real_logits` and `fake_logits` [N] are the critic's before it learnt, `pleased_logits` [N] its
    opinion of the same made garments after it.
    """

    real_logits: torch.Tensor
    fake_logits: torch.Tensor
    pleased_logits: torch.Tensor
    critic_loss: torch.Tensor
    generator_loss: torch.Tensor


Descend = Callable[[torch.Tensor, str], None]
"""Steps down a loss; the text says whose, for the message when it is not finite."""


def take_turns(
    judge: Judge,
    real: torch.Tensor,
    fake: torch.Tensor,
    label: torch.Tensor,
    descend: tuple[Descend, Descend],
    loss: Loss = "relativistic",
) -> Turns:
    """The critic learns to tell real from made; the generator learns to please it.

    Args:
        judge: the critic.
        real: garments [N, C, H, W] in [-1, 1].
        fake: as many made ones of the same classes, with their way back to the generator.
        label: classes [N].
        descend: the critic's step and the generator's.
        loss: which game.
    """
    critic_step, generator_step = descend

    # The critic learns to tell them apart.
    both, both_labels = torch.cat((real, fake.detach())), torch.cat((label, label))
    made = torch.arange(2, device=real.device).repeat_interleave(len(label))
    logits = judge(both, both_labels, made, frozen=False)
    real_logits, fake_logits = logits.chunk(2)
    critic_loss = discriminator_loss(loss, real_logits, fake_logits)
    critic_step(critic_loss, "critic_loss")

    # The generator learns to please the critic that has just learnt. In pairs, the real side is
    # the critic's word of a moment ago: asking again would cost a tenth of the step.
    pleased_logits = judge(fake, label, made[len(label) :], frozen=True)
    maker_loss = generator_loss(loss, real_logits.detach(), pleased_logits)
    generator_step(maker_loss, "generator_loss")
    return Turns(
        real_logits.detach(),
        fake_logits.detach(),
        pleased_logits.detach(),
        critic_loss.detach(),
        maker_loss.detach(),
    )
