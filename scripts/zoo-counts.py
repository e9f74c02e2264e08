"""Counts of the zoo by another hand: torchvision's models, and short PyTorch modules where it has none.

Writes test/zoo/reference-counts.json, which test/zoo.test.ts compares with what the compiler says. Needs torch and
torchvision (CPU is enough), in a virtual environment outside this repository:

    python -m venv /tmp/tv && /tmp/tv/bin/pip install torch torchvision && /tmp/tv/bin/python scripts/zoo-counts.py

Parameters are those that train; `nonTrainable` are the running means and variances. MACs are counted where they
happen, by hooks on every convolution and linear layer during one forward pass.
"""

import json
import pathlib

import torch
import torchvision
from torch import nn


def conv(cin, cout, kernel, stride=1, groups=1, act=None, bias=False):
    layers = [nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=bias), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, *([act()] if act else []))


class Sum(nn.Module):
    """What the branches give, added."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return sum(branch(x) for branch in self.branches)


class Both(nn.Module):
    """What enters, and behind it what the layers make of it."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return torch.cat([x, self.layers(x)], 1)


class Gate(nn.Module):
    """Squeeze-and-excitation."""

    def __init__(self, width, squeezed):
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(width, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, width, 1),
            nn.Hardsigmoid(),
        )

    def forward(self, x):
        return x * self.layers(x)


def head(width, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)]


def student(widths, unit, pools=4):
    """The homework's network: `unit` makes a block, the first `pools` blocks end with a pool."""
    layers = [nn.Conv2d(3, widths[0], 3, 1, 1), nn.BatchNorm2d(widths[0]), nn.Hardswish(), nn.MaxPool2d(2)]
    for i, (cin, cout) in enumerate(zip(widths, widths[1:]), 1):
        layers += unit(cin, cout) + ([nn.MaxPool2d(2)] if i < pools else [])
    return nn.Sequential(*layers, *head(widths[-1], 11))


def separable(groups=None):
    def unit(cin, cout):
        spatial = nn.Conv2d(cin, cin, 3, 1, 1, groups=groups or cin)
        return [spatial, nn.BatchNorm2d(cin), nn.Hardswish(), nn.Conv2d(cin, cout, 1)]

    return unit


def plain(groups=1):
    return lambda cin, cout: [
        nn.Conv2d(cin, cout, 3, 1, 1, groups=groups), nn.BatchNorm2d(cout), nn.Hardswish()
    ]


def times16(*multipliers):
    return [16 * m for m in multipliers]


def mobilenet_v1():
    widths = [32 * m for m in (1, 2, 4, 4, 8, 8, 16, 16, 16, 16, 16, 16, 32, 32)]
    layers = [conv(3, 32, 3, 2, act=nn.ReLU6)]
    for cin, cout, stride in zip(widths, widths[1:], (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)):
        layers += [conv(cin, cin, 3, stride, cin, nn.ReLU6), conv(cin, cout, 1, act=nn.ReLU6)]
    return nn.Sequential(*layers, *head(1024, 1000))


def cifar_resnet(depth):
    layers, width = [conv(3, 16, 3, act=nn.ReLU)], 16
    for cout in [w for w in (16, 32, 64) for _ in range(depth)]:
        stride = cout // width
        shortcut = nn.Identity() if stride == 1 else conv(width, cout, 1, stride)
        body = nn.Sequential(conv(width, cout, 3, stride, act=nn.ReLU), conv(cout, cout, 3))
        layers += [Sum(shortcut, body), nn.ReLU()]
        width = cout
    return nn.Sequential(*layers, *head(64, 10))


def preact_resnet(depth, widths):
    def act(width):
        return [nn.BatchNorm2d(width), nn.ReLU()]

    layers, width = [nn.Conv2d(3, 16, 3, padding=1, bias=False)], 16
    for stage, cout in enumerate(widths):
        for i in range(depth):
            stride = 2 if stage > 0 and i == 0 else 1
            body = [nn.Conv2d(width, cout, 3, stride, 1, bias=False), *act(cout)]
            body += [nn.Conv2d(cout, cout, 3, 1, 1, bias=False)]
            if width == cout:
                layers += [Sum(nn.Identity(), nn.Sequential(*act(width), *body))]
            else:
                projection = nn.Conv2d(width, cout, 1, stride, bias=False)
                layers += [*act(width), Sum(projection, nn.Sequential(*body))]
            width = cout
    return nn.Sequential(*layers, *act(width), *head(width, 10))


def densenet_bc(depth, growth):
    width = 2 * growth
    layers = [nn.Conv2d(3, width, 3, padding=1, bias=False)]

    def normed(cin, cout, kernel):
        return [nn.BatchNorm2d(cin), nn.ReLU(), nn.Conv2d(cin, cout, kernel, padding=kernel // 2, bias=False)]

    for block in range(3):
        for _ in range((depth - 4) // 6):
            layers += [Both(*normed(width, 4 * growth, 1), *normed(4 * growth, growth, 3))]
            width += growth
        if block < 2:
            layers += [*normed(width, width // 2, 1), nn.AvgPool2d(2)]
            width //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), *head(width, 10))


def ghostnet():
    rows = [  # kernel, expanded, width, squeezes, stride
        (3, 16, 16, 0, 1), (3, 48, 24, 0, 2), (3, 72, 24, 0, 1), (5, 72, 40, 1, 2), (5, 120, 40, 1, 1),
        (3, 240, 80, 0, 2), (3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, 1, 1),
        (3, 672, 112, 1, 1), (5, 672, 160, 1, 2), (5, 960, 160, 0, 1), (5, 960, 160, 1, 1), (5, 960, 160, 0, 1),
        (5, 960, 160, 1, 1),
    ]

    def ghost(cin, cout, act=None):
        half = cout // 2
        return [conv(cin, half, 1, act=act), Both(conv(half, half, 3, groups=half, act=act))]

    layers, width = [conv(3, 16, 3, 2, act=nn.ReLU)], 16
    for kernel, expanded, cout, squeezes, stride in rows:
        body = ghost(width, expanded, nn.ReLU)
        if stride > 1:
            body += [conv(expanded, expanded, kernel, stride, expanded)]
        if squeezes:
            body += [Gate(expanded, (expanded // 4 + 2) // 4 * 4)]
        body += ghost(expanded, cout)
        same = stride == 1 and width == cout
        moved = nn.Sequential(conv(width, width, kernel, stride, width), conv(width, cout, 1))
        shortcut = nn.Identity() if same else moved
        layers += [Sum(shortcut, nn.Sequential(*body))]
        width = cout
    layers += [conv(width, 960, 1, act=nn.ReLU), nn.AdaptiveAvgPool2d(1), nn.Conv2d(960, 1280, 1), nn.ReLU()]
    return nn.Sequential(*layers, *head(1280, 1000))


def vision(name):
    return f"torchvision.models.{name}", lambda: torchvision.models.get_model(name, weights=None), 224


def module(source, make, size):
    return source, make, size


HOMEWORK = "PyTorch module in scripts/zoo-counts.py, after the homework's description"
REPORT = "PyTorch module in scripts/zoo-counts.py; the count is the report's (MareepLearning hw7)"


def paper(what):
    return f"PyTorch module in scripts/zoo-counts.py, after {what}"


MODELS = {
    "resnet18": vision("resnet18"),
    "resnet34": vision("resnet34"),
    "resnet50": vision("resnet50"),
    "mobilenet-v1": module(paper("keras.applications.MobileNet"), mobilenet_v1, 224),
    "mobilenet-v2": vision("mobilenet_v2"),
    "mobilenet-v3-small": vision("mobilenet_v3_small"),
    "mobilenet-v3-large": vision("mobilenet_v3_large"),
    "shufflenet-v2-x0.5": vision("shufflenet_v2_x0_5"),
    "shufflenet-v2-x1": vision("shufflenet_v2_x1_0"),
    "squeezenet1.1": vision("squeezenet1_1"),
    "mnasnet1.0": vision("mnasnet1_0"),
    "efficientnet-b0": vision("efficientnet_b0"),
    "ghostnet": module(paper("arXiv 1911.11907 and the authors' PyTorch code"), ghostnet, 224),
    "resnet20-cifar": module(paper("arXiv 1512.03385, section 4.2, option B"), lambda: cifar_resnet(3), 32),
    "resnet56-cifar": module(paper("arXiv 1512.03385, section 4.2, option B"), lambda: cifar_resnet(9), 32),
    "preact-resnet20-cifar": module(paper("arXiv 1603.05027"), lambda: preact_resnet(3, (16, 32, 64)), 32),
    "wrn-16-2": module(paper("arXiv 1605.07146"), lambda: preact_resnet(2, (32, 64, 128)), 32),
    "densenet-bc-40-12": module(paper("arXiv 1608.06993"), lambda: densenet_bc(40, 12), 32),
    "student": module(REPORT, lambda: student(times16(1, 2, 4, 8, 16, 16, 16, 16), separable()), 128),
    "student-deeper": module(REPORT, lambda: student(times16(1, 2, 4, 8, 8, 8, 16, 16, 16), separable()), 128),
    "student-group2": module(REPORT, lambda: student(times16(1, 2, 4, 8, 8, 16), separable(2)), 128),
    "student-group": module(HOMEWORK, lambda: student(times16(1, 2, 2, 2, 8, 18, 18, 18), plain(8)), 128),
    "student-improved": module(HOMEWORK, lambda: student(times16(1, 2, 4, 8, 16, 16, 18, 18), separable()), 128),
    "student-plain": module(HOMEWORK, lambda: student(times16(1, 2, 4, 8, 16, 16, 16, 16), plain()), 128),
}


def count(make, size):
    model = make().eval()
    macs = 0

    def hook(layer, _, out):
        nonlocal macs
        macs += out.numel() * layer.weight[0].numel()

    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(hook)
    with torch.no_grad():
        model(torch.zeros(1, 3, size, size))
    buffers = [b for name, b in model.named_buffers() if name.endswith(("running_mean", "running_var"))]
    return {
        "params": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "nonTrainable": sum(b.numel() for b in buffers),
        "macs": macs,
    }


def main():
    models = {name: {"source": source, **count(make, size)} for name, (source, make, size) in MODELS.items()}
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    target = pathlib.Path(__file__).parent.parent / "test" / "zoo" / "reference-counts.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"versions": versions, "models": models}, indent=2) + "\n")


if __name__ == "__main__":
    main()
