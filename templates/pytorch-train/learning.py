"""How the network learns: the recipe's schedule, optimizer, loss and averages, by netlathe's formulas.

Made by netlathe; do not edit.
"""

import copy
import math

import torch
import torch.distributed as dist
import torch.nn.functional as F
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


class Teacher:
    """A network that the student learns from: it sees the student's augmented image, made into what it takes."""

    def __init__(self, network, chosen, student, device):
        self.network = network.to(device).eval().requires_grad_(False)
        self.chosen = chosen
        as_pixels = lambda values: torch.tensor(values, device=device).view(1, -1, 1, 1)
        self.own = as_pixels(student["mean"]), as_pixels(student["std"])
        self.theirs = as_pixels(chosen["mean"]), as_pixels(chosen["std"])
        self.order = torch.tensor(chosen["order"], device=device)

    @torch.no_grad()
    def logits(self, images):
        """In the order of the student's classes."""
        pixels = images * self.own[1] + self.own[0]
        size = self.chosen["size"]
        if list(pixels.shape[2:]) != size:
            pixels = F.interpolate(pixels, size, mode="bilinear", antialias=True)
        return self.network((pixels - self.theirs[0]) / self.theirs[1])[:, self.order]

    def losses(self, logits, targets, images):
        """(1 - alpha) of the labels' loss and alpha T^2 of the teacher's, an image each."""
        alpha, temperature = self.chosen["alpha"], self.chosen["temperature"]
        own, wanted = logits / temperature, self.logits(images) / temperature
        compare = soft_targets if self.chosen["method"] == "kd" else self.decoupled
        lesson = compare(own, wanted, targets)
        return (1 - alpha) * losses_of(logits, targets) + alpha * temperature**2 * lesson

    def decoupled(self, own, wanted, targets):
        """How sure of the true class, and how the others share the rest, apart (Zhao et al. 2022)."""
        label = targets.argmax(dim=1, keepdim=True)
        # Nothing is left of the true class among the others, and no infinity in the gradient.
        hide = torch.zeros_like(own).scatter_(1, label, -1e4)
        pair = divergence(pair_of(own, label, hide), pair_of(wanted, label, hide))
        others = divergence((own + hide).log_softmax(1), (wanted + hide).log_softmax(1))
        return self.chosen["target"] * pair + self.chosen["others"] * others


def divergence(own, wanted):
    """Kullback-Leibler, of logarithms."""
    return F.kl_div(own, wanted, reduction="none", log_target=True).sum(dim=1)


def soft_targets(own, wanted, _targets):
    """Hinton, Vinyals and Dean 2015."""
    return divergence(own.log_softmax(1), wanted.log_softmax(1))


def pair_of(logits, label, hide):
    """Logarithms of the probability of the true class, and of the rest together."""
    rest = (logits + hide).logsumexp(dim=1, keepdim=True)
    return torch.cat([logits.gather(1, label), rest], dim=1).log_softmax(dim=1)


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
