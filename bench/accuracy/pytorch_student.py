"""The PyTorch run that `netlathe train --arch bench/accuracy/student-food10.yaml` is compared with.

    python bench/accuracy/pytorch_student.py DATA [--epochs 40] [--seed 0]

DATA holds training/CLASS/*.jpg and validation/CLASS/*.jpg. Needs torch and torchvision. Same network, same recipe:
AdamW 2e-3, cosine with 3 epochs of warm-up, weight decay 0.02 on kernels only, label smoothing 0.1, batch 32, random
resized crop (0.35 to 1), flip, colour jitter 0.2. Prints a line an epoch and, last, the best validation accuracy.
"""

import argparse
import math
import time

import torch
from torch import nn
from torchvision import datasets, transforms

WIDTHS = [16, 32, 64, 128, 256, 256, 256, 256]


def student(classes: int) -> nn.Sequential:
    layers = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.Hardswish(), nn.MaxPool2d(2)]
    for i, (into, out) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        layers += [
            nn.Conv2d(into, into, 3, padding=1, groups=into),
            nn.BatchNorm2d(into),
            nn.Hardswish(),
            nn.Conv2d(into, out, 1),
        ]
        if i < 3:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes))


def loaders(root: str, batch: int):
    norm = transforms.Normalize([0.5] * 3, [0.5] * 3)
    train = transforms.Compose([
        transforms.RandomResizedCrop(128, scale=(0.35, 1)),
        transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(0.2, 0.2, 0.2),
        transforms.ToTensor(),
        norm,
    ])
    # cover: scale to fill, crop the centre, as netlathe does
    judge = transforms.Compose([transforms.Resize(128), transforms.CenterCrop(128), transforms.ToTensor(), norm])
    training = datasets.ImageFolder(f"{root}/training", train)
    validation = datasets.ImageFolder(f"{root}/validation", judge)
    assert training.classes == validation.classes
    return (
        torch.utils.data.DataLoader(training, batch, shuffle=True, drop_last=True, num_workers=1),
        torch.utils.data.DataLoader(validation, 64, num_workers=1),
        training.classes,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    training, validation, classes = loaders(options.data, 32)
    net = student(len(classes))
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    print(f"torch {torch.__version__}, seed {options.seed}, {sum(p.numel() for p in net.parameters()):,} parameters")
    groups = [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=2e-3)
    steps, warmup = options.epochs * len(training), 3 * len(training)

    def rate(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    best, started = 0.0, time.time()
    for epoch in range(options.epochs):
        net.train()
        for images, labels in training:
            optimizer.zero_grad()
            loss_of(net(images), labels).backward()
            optimizer.step()
            schedule.step()
        net.eval()
        right = 0
        with torch.no_grad():
            for images, labels in validation:
                right += (net(images).argmax(1) == labels).sum().item()
        accuracy = right / len(validation.dataset)
        best = max(best, accuracy)
        print(f"epoch {epoch + 1} validation {accuracy:.4f} best {best:.4f} {time.time() - started:.0f}s", flush=True)


main()
