"""How much real garments of a class differ: what a critic is told when it sees one alone."""

import torch

from model.discriminator import Discriminator
from model.pixels import to_img
from training.data import ImageSet
from training.kinds import next_batch


@torch.no_grad()
def estimate_spread(critic: Discriminator, data: ImageSet, images: int, batch: int) -> None:
    """Store each class's mean spread among real garments, in batches as training has them.

    Small groups have small spreads, so the batch must be that of the training. A class that no
    batch holds twice keeps what is stored.
    """
    totals: dict[str, torch.Tensor] = {}
    seen = torch.zeros(critic.groups, device=critic.head.weight.device)
    for start in range(0, images, batch):
        picked = next_batch(data, 0, start, batch)
        img = to_img(data.pixels[picked].to(seen.device))
        label = data.labels[picked].to(seen.device)
        members = torch.bincount(critic.group_of(label), minlength=critic.groups)
        held = (members > 1).float()
        for name, spread in critic.class_spread(img, label).items():
            totals[name] = totals.get(name, 0) + spread * held[:, None, None, None]
        seen += held
    found = seen > 0
    for name, total in totals.items():
        getattr(critic, name)[found] = total[found] / seen[found, None, None, None]
