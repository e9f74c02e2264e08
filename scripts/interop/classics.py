"""A torchvision network with random weights: its state dict as safetensors, random bytes, and its logits for them.

    python torchvision.py NAME SEED FOLDER
"""

import sys
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file

name, seed, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
torch.manual_seed(seed)
network = torchvision.models.get_model(name, weights=None).eval()
with torch.no_grad():
    for key, value in network.state_dict().items():
        # As after training: norms differ from channel to channel.
        if value.dim() == 1 and "classifier" not in key and "fc" not in key:
            value += 0.2 * torch.rand_like(value) - 0.1
save_file(network.state_dict(), folder / "theirs.safetensors")
images = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
with torch.inference_mode():
    logits = network((images.permute(0, 3, 1, 2).float() / 255 - mean) / std)
save_file({"bytes": images, "logits": logits}, folder / "expected.safetensors")
print("{}")
