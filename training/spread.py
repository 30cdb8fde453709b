"""How much real garments of a class differ: what a critic is told when it sees one alone."""

import torch

from model.discriminator import Discriminator
from training.data import ImageSet, batch_indices


@torch.no_grad()
def estimate_spread(critic: Discriminator, data: ImageSet, images: int, batch: int) -> None:
    """Store each class's mean spread among real garments, in batches as training has them.

    Small groups have small spreads, so the batch must be that of the training. A class that no
    batch holds twice keeps what is stored.
    """
    total = torch.zeros_like(critic.spread)
    seen = total.new_zeros(critic.groups)
    for start in range(0, images, batch):
        picked = batch_indices(len(data), 0, start, batch)
        img = data.pixels[picked].permute(0, 3, 1, 2).to(total.device).float() / 127.5 - 1
        label = data.labels[picked].to(total.device)
        group = label if critic.config.num_classes else torch.zeros_like(label)
        held = (torch.bincount(group, minlength=critic.groups) > 1).float()
        total += critic.class_spread(img, label) * held[:, None, None, None]
        seen += held
    found = seen > 0
    critic.spread[found] = total[found] / seen[found, None, None, None]
