"""What onnx, onnxruntime and LiteRT make of the files in a folder, without PyTorch: as JSON.

    python runtimes.py FOLDER...    with onnx/ and litert/, as exports.py and litert.py want them
"""

import json
import sys
from pathlib import Path

import numpy as np
from litert import main as by_litert
from onnx_file import apart, metadata_of, run_onnx
from safetensors.numpy import load_file


def by_onnx(folder):
    expected = load_file(folder / "expected.safetensors")
    pixels, logits = expected["bytes"], expected["logits"]
    file = str(folder / "model.onnx")
    # The file itself says how a photo becomes its input.
    about = json.loads(metadata_of(file)["preprocessing"])
    mean, std = (np.array(about[key], np.float32) for key in ("mean", "std"))
    images = ((pixels / np.float32(255) - mean) / std).astype(np.float32)
    outside, params, _ = run_onnx(file, images.transpose(0, 3, 1, 2).copy())
    inside, _, _ = run_onnx(str(folder / "inside/model.onnx"), pixels)
    return {"onnx": apart(outside, logits), "inside": apart(inside, logits), "params": params}


def main(folder):
    return {"onnx": by_onnx(folder / "onnx"), "litert": by_litert(folder / "litert")}


if __name__ == "__main__":
    print(json.dumps([main(Path(folder)) for folder in sys.argv[1:]]))
