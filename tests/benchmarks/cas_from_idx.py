"""python -m tests.benchmarks.cas_from_idx DIR REAL [SEED]: CAS of exported IDX files, by torchvision."""

import gzip
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn
from torchvision.datasets import FashionMNIST

if len(sys.argv) < 3:
    sys.exit(__doc__)
torch.manual_seed(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
raw = Path(tempfile.mkdtemp(), "FashionMNIST", "raw")
raw.mkdir(parents=True)
for path in [*Path(sys.argv[1], "idx").glob("train*.gz"), *Path(sys.argv[2]).glob("t10k*.gz")]:
    (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
train, test = (FashionMNIST(raw.parent.parent, train=part) for part in (True, False))
net, widths = nn.Sequential(), (32, 64, 128)
for width in widths:
    net.extend([nn.LazyConv2d(width, 3, padding=1), nn.ReLU()])
    net.extend([nn.MaxPool2d(2)] if width < max(widths) else [nn.Flatten(), nn.Dropout(0.5)])
net.extend([nn.LazyLinear(128), nn.ReLU(), nn.LazyLinear(10)])(train.data[:1, None] / 255)
optimizer = torch.optim.Adam(net.parameters(), 3e-4)
for _ in range(20):
    for part in torch.randperm(len(train)).split(128):
        optimizer.zero_grad()
        logits = net(train.data[part, None] / 127.5 - 1)
        nn.functional.cross_entropy(logits, train.targets[part]).backward()
        optimizer.step()
with torch.inference_mode():
    print((net.eval()(test.data[:, None] / 127.5 - 1).argmax(1) == test.targets).float().mean())
