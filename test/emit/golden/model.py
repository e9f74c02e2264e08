"""An image classifier. Made by netlathe; do not edit.

14,058 parameters, 2,620,992 multiply-adds an image. netlathe 0.0.0.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

NAME = "golden"
# In the order of the logits.
CLASSES = [
    "cat",
    "dog \"x\"",
]
CHANNELS, HEIGHT, WIDTH = 3, 16, 16
# Of pixels between 0 and 1, a channel each.
MEAN = [0.5, 0.5, 0.5]
STD = [0.5, 0.5, 0.5]


class Unit(nn.Module):
    def __init__(self, inputs, filters):
        super().__init__()
        self.conv2d_1 = nn.Conv2d(inputs, filters, 3, padding=1, bias=False)
        self.batchNorm_1 = nn.BatchNorm2d(filters)

    def forward(self, x):
        x = self.conv2d_1(x)
        x = self.batchNorm_1(x)
        return F.relu(x)


class Network(nn.Module):
    """Takes normalised images [batch, channels, height, width], gives logits [batch, classes]."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.unit_1 = Unit(inputs=8, filters=16)
        self.unit_2 = Unit(inputs=16, filters=24)
        self.add_1 = nn.Module()
        self.add_1.branch2 = nn.Module()
        self.add_1.branch2.unit_1 = Unit(inputs=24, filters=24)
        self.add_1.branch2.layer_class = nn.Conv2d(24, 24, 3, padding=1, groups=24)
        self.multiply_1 = nn.Module()
        self.multiply_1.branch2 = nn.Module()
        self.multiply_1.branch2.dense_1 = nn.Linear(24, 24)
        self.dense_1 = nn.Linear(1536, 2)

    def forward(self, x):
        x = self.stem(x)
        x = self.unit_1(x)
        x = self.unit_2(x)
        y = self.add_1.branch2.unit_1(x)
        y = self.add_1.branch2.layer_class(y)
        x = x + y
        y = F.adaptive_avg_pool2d(x, 1)
        y = self.multiply_1.branch2.dense_1(y.flatten(1))
        y = F.hardsigmoid(y)
        x = x * y[:, :, None, None]
        x = F.max_pool2d(x, 2, stride=2)
        x = F.dropout(x, 0.1, self.training)
        x = x.permute(0, 2, 3, 1).flatten(1)
        return self.dense_1(x)


def normalize(images):
    """Bytes [batch, height, width, channels], as decoders give them, to what the network takes."""
    pixels = images.permute(0, 3, 1, 2).float() / 255
    mean = torch.tensor(MEAN, device=images.device).view(1, -1, 1, 1)
    std = torch.tensor(STD, device=images.device).view(1, -1, 1, 1)
    return (pixels - mean) / std


def load(weights=Path(__file__).with_name("weights.safetensors"), device="cpu"):
    """The network with its weights, ready to classify: `load()(normalize(images)).softmax(1)`."""
    network = Network()
    network.load_state_dict(load_file(weights))
    return network.to(device).eval()
