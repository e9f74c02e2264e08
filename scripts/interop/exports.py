"""What onnx, onnxruntime and torch make of the files in a folder: logits against netlathe's, and counts, as JSON.

    python exports.py FOLDER    with model.onnx, inside/model.onnx, model.py, weights.safetensors, expected.safetensors
"""

import importlib.util
import json
import sys
from pathlib import Path

import torch
from onnx_file import apart, run_onnx
from safetensors.numpy import load_file


def load_module(folder):
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(folder):
    expected = load_file(folder / "expected.safetensors")
    module = load_module(folder)
    network = module.load()
    with torch.inference_mode():
        images = module.normalize(torch.from_numpy(expected["bytes"]))
        by_torch = network(images).numpy()
    by_onnx, params, names = run_onnx(str(folder / "model.onnx"), images.numpy())
    by_inside, _, _ = run_onnx(str(folder / "inside/model.onnx"), expected["bytes"])
    statistics = sum(b.numel() for n, b in network.named_buffers() if "running" in n)
    return {
        "onnx": apart(by_onnx, expected["logits"]),
        "inside": apart(by_inside, expected["logits"]),
        "torch": apart(by_torch, expected["logits"]),
        "onnxParams": params,
        "torchParams": sum(p.numel() for p in network.parameters()),
        "torchStatistics": statistics,
        # A dash cannot stand in an attribute.
        "sameNames": sorted(name.replace("-", "_") for name in names)
        == sorted(name for name in network.state_dict() if "tracked" not in name),
    }


print(json.dumps([main(Path(folder)) for folder in sys.argv[1:]]))
