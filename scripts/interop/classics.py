"""torchvision networks with random weights: state dicts as safetensors, random bytes, and the logits for them.

    python classics.py FOLDER SEED NAME...
"""

import sys
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


@torch.no_grad()
def write(name, seed, folder):
    torch.manual_seed(seed)
    network = torchvision.models.get_model(name, weights=None).eval()
    for key, value in network.state_dict().items():
        # As after training: norms differ from channel to channel.
        if value.dim() == 1 and "classifier" not in key and "fc" not in key:
            value += 0.2 * torch.rand_like(value) - 0.1
    save_file(network.state_dict(), folder / f"{name}.weights.safetensors")
    images = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
    logits = network((images.permute(0, 3, 1, 2).float() / 255 - MEAN) / STD)
    save_file({"bytes": images, "logits": logits}, folder / f"{name}.expected.safetensors")


folder, seed, *names = sys.argv[1:]
for name in names:
    write(name, int(seed), Path(folder))
print("{}")
