"""A process that trains with PyTorch: pytorch_peer.py NETWORK THREADS LAYOUT. Speaks protocol.ts on its standard streams."""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Student(nn.Module):
    """Blocks of a convolution, batch norm, hard swish and a pool; `unit` gives the middle of a block."""

    def __init__(self, unit, classes=11):
        super().__init__()
        widths = [16, 32, 64, 128, 256, 256, 256, 256]
        layers = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.Hardswish(), nn.MaxPool2d(2)]
        for i in range(1, 8):
            layers += unit(widths[i - 1], widths[i])
            if i <= 3:
                layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(256, classes)

    def forward(self, x):
        return self.head(self.layers(x).mean((2, 3)))


def separable(before, after):
    return [
        nn.Conv2d(before, before, 3, padding=1, groups=before),
        nn.BatchNorm2d(before),
        nn.Hardswish(),
        nn.Conv2d(before, after, 1),
    ]


def grouped(groups):
    def unit(before, after):
        return [
            nn.Conv2d(before, after, 3, padding=1, groups=groups),
            nn.BatchNorm2d(after),
            nn.Hardswish(),
        ]

    return unit


class Residual(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.short = None
        if before != width:
            self.short = nn.Sequential(
                nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return F.relu(y + (self.short(x) if self.short else x))


class ResNet20(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        blocks, before = [], 16
        for width, stride in [(16, 1), (32, 2), (64, 2)]:
            for i in range(3):
                blocks.append(Residual(before, width, stride if i == 0 else 1))
                before = width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


NETWORKS = {
    "student": (lambda: Student(separable), 128, 32),
    "group": (lambda: Student(grouped(4)), 128, 32),
    "plain": (lambda: Student(grouped(1)), 128, 32),
    "resnet20": (ResNet20, 32, 128),
}


def make_step(name, layout):
    build, size, batch = NETWORKS[name]
    torch.manual_seed(1)
    model = build().to(memory_format=layout).train()
    image = torch.rand(batch, 3, size, size).mul(2).sub(1).contiguous(memory_format=layout)
    labels = torch.arange(batch) % model.head.out_features
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(image), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, sum(p.numel() for p in model.parameters())


def timed(step, seconds):
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds:
        before = time.perf_counter()
        step()
        times.append((time.perf_counter() - before) * 1000)
    return times


def matrix_peak(n=1024):
    a = torch.ones(n, n)
    return 2 * n**3 / min(timed(lambda: a @ a, 0.5)) / 1e6


def main():
    name, threads, layout = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    step, parameters = make_step(name, getattr(torch, layout))
    for _ in range(3):
        step()
    hello = {
        "label": f"PyTorch {torch.__version__}, {layout}",
        "parameters": parameters,
        "peak": matrix_peak(),
    }
    print(json.dumps(hello), flush=True)
    for line in sys.stdin:
        times = timed(step, json.loads(line)["seconds"])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"times": times, "peakMemory": peak}), flush=True)


main()
