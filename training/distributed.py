"""What changes under `torchrun`; with one process every function does nothing."""

import os

import torch
import torch.distributed as dist


def start() -> None:
    """Join the process group if `torchrun` started this process."""
    if "RANK" in os.environ and not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def stop() -> None:
    """Leave the process group."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """Number of this process, 0 when alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def own_part(batch_size: int) -> slice:
    """Rows of the global batch that this process works on.

    Raises:
        ValueError: the batch cannot be shared out evenly.
    """
    if batch_size % world_size():
        raise ValueError(f"batch_size {batch_size} is not a multiple of {world_size()} processes")
    part = batch_size // world_size()
    return slice(rank() * part, (rank() + 1) * part)


def average(tensors: list[torch.Tensor]) -> None:
    """Replace each tensor by its mean over all processes."""
    if world_size() == 1:
        return
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    dist.all_reduce(flat)
    flat /= world_size()
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.copy_(part.view_as(tensor))


def any_process(flag: bool) -> bool:
    """Whether the flag is raised in at least one process."""
    if world_size() == 1:
        return flag
    raised = torch.tensor(float(flag), device="cuda" if dist.get_backend() == "nccl" else "cpu")
    dist.all_reduce(raised)
    return bool(raised > 0)


def barrier() -> None:
    """Wait for every process."""
    if world_size() > 1:
        dist.barrier()
