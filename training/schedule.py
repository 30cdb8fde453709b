"""Schedules: pure functions of the images seen, so that a resumed run is the same run."""


def learning_rate(base: float, images_seen: int, total_images: int, decay_start: float) -> float:
    """Constant, then linear to zero from `decay_start` of the horizon."""
    progress = min(images_seen / total_images, 1.0)
    if progress <= decay_start:
        return base
    return base * (1 - progress) / (1 - decay_start)


def snapshot_images(first: int, total: int, count: int) -> list[int]:
    """Log-spaced marks from `first` to `total`, `count` of them."""
    if count == 1 or first >= total:
        return [total]
    ratio = (total / first) ** (1 / (count - 1))
    return [*(round(first * ratio**k) for k in range(count - 1)), total]
