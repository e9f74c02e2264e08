"""How the network learns: the recipe's schedule, optimizer, loss and averages, by netlathe's formulas.

Made by netlathe; do not edit.
"""

import copy
import math

import torch
import torch.distributed as dist
from torch import nn


def rate_at(recipe, step, steps_per_epoch, total):
    """The learning rate of a step, counted from 0."""
    schedule = recipe["schedule"]
    return recipe["optimizer"]["learningRate"] * factor_at(schedule, step, steps_per_epoch, total)


def factor_at(schedule, step, steps_per_epoch, total):
    """The share of the peak at a step."""
    if schedule["name"] == "oneCycle":
        top = max(1, round_half_up(total * schedule["rise"]))
        if step < top:
            return descend(1 / 25, 1, step / top)
        return descend(1, schedule["floor"], (step - top) / max(1, total - top))
    warmup = round_half_up(schedule["warmupEpochs"] * steps_per_epoch)
    if step < warmup:
        return (step + 1) / warmup
    if schedule["name"] == "step":
        passed = sum(step / steps_per_epoch >= milestone for milestone in schedule["milestones"])
        return schedule["factor"] ** passed
    if schedule["name"] == "cosine":
        return descend(1, schedule["floor"], (step - warmup) / max(1, total - warmup))
    return 1


def descend(start, end, share):
    """Half a cosine from one value to another."""
    return end + (start - end) * (1 + math.cos(math.pi * min(1, share))) / 2


def round_half_up(value):
    return math.floor(value + 0.5)


def make_optimizer(recipe, network):
    """Weight decay leaves biases and norms alone."""
    chosen = recipe["optimizer"]
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in trained if w.dim() > 1], "weight_decay": chosen["weightDecay"]},
        {"params": [w for w in trained if w.dim() <= 1], "weight_decay": 0},
    ]
    rate, momentum = chosen["learningRate"], chosen["momentum"]
    betas, epsilon = (chosen["beta1"], chosen["beta2"]), chosen["epsilon"]
    if chosen["name"] == "sgd":
        nesterov = chosen["nesterov"] and momentum > 0
        return torch.optim.SGD(groups, rate, momentum=momentum, nesterov=nesterov)
    if chosen["name"] == "adam":
        return torch.optim.Adam(groups, rate, betas=betas, eps=epsilon)
    if chosen["name"] == "adamw":
        return torch.optim.AdamW(groups, rate, betas=betas, eps=epsilon)
    return torch.optim.RMSprop(groups, rate, alpha=betas[1], eps=epsilon, momentum=momentum)


def losses_of(logits, targets):
    """Cross-entropy of each image against soft targets, which class weights may scale."""
    return -(targets * logits.log_softmax(dim=1)).sum(dim=1)


class Average:
    """The moving average of weights and statistics: what is evaluated and saved where the recipe has `ema`."""

    def __init__(self, network, decay):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network, step):
        # Early on a long average would mostly remember the start.
        decay = min(self.decay, (1 + step) / (10 + step))
        now = network.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(now[name], 1 - decay)


class SumOverWorkers(torch.autograd.Function):
    """Adds a tensor over all workers; its gradient is added likewise."""

    @staticmethod
    def forward(_context, values):
        values = values.clone()
        dist.all_reduce(values)
        return values

    @staticmethod
    def backward(_context, gradient):
        gradient = gradient.clone()
        dist.all_reduce(gradient)
        return gradient


class GlobalBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the images of all workers. PyTorch's SyncBatchNorm does this on GPUs only."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        axes = (0, 2, 3)
        ones = torch.full((1,), x.numel() / x.shape[1], device=x.device)
        sums = SumOverWorkers.apply(torch.cat([x.sum(axes), ones]))
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = x - mean[None, :, None, None]
        variance = SumOverWorkers.apply(centred.square().sum(axes)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        scale = torch.rsqrt(variance + self.eps)
        if self.affine:
            scale = scale * self.weight
        y = centred * scale[None, :, None, None]
        return y + self.bias[None, :, None, None] if self.affine else y


def with_global_norms(module):
    """Puts a GlobalBatchNorm2d in the place of each batch norm."""
    for name, child in module.named_children():
        if type(child) is nn.BatchNorm2d:
            norm = GlobalBatchNorm2d(child.num_features, child.eps, child.momentum, child.affine)
            norm.load_state_dict(child.state_dict())
            for key, parameter in child.named_parameters():
                getattr(norm, key).requires_grad_(parameter.requires_grad)
            setattr(module, name, norm)
        else:
            with_global_norms(child)
    return module


def summed(*values, device):
    """Numbers added over all workers."""
    total = torch.tensor(values, dtype=torch.float64, device=device)
    if dist.is_initialized():
        dist.all_reduce(total)
    return total.tolist()
