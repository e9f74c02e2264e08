"""What LiteRT makes of the .tflite files in a folder: logits against netlathe's, and counts, as JSON.

    python litert.py FOLDER...    with model.tflite, inside/model.tflite, half/model.tflite, expected.safetensors
"""

import json
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from safetensors.numpy import load_file

RESOLVERS = {
    "plain": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "xnnpack": OpResolverType.AUTO,
}


def apart(logits, expected):
    """The largest difference, as a share of the largest logit."""
    return float(np.abs(logits - expected).max() / np.abs(expected).max())


def run(file, images, resolver="xnnpack"):
    """Logits of all images at once, and whether one alone, without resizing, gives its row."""
    interpreter = Interpreter(str(file), experimental_op_resolver_type=RESOLVERS[resolver])
    [signature] = interpreter.get_signature_list().values()
    assert signature == {"inputs": ["image"], "outputs": ["logits"]}, signature
    [image], [logits] = interpreter.get_input_details(), interpreter.get_output_details()

    def invoke(batch):
        interpreter.allocate_tensors()
        interpreter.set_tensor(image["index"], batch)
        interpreter.invoke()
        return interpreter.get_tensor(logits["index"])

    alone = invoke(images[:1])
    interpreter.resize_tensor_input(image["index"], images.shape, strict=True)
    whole = invoke(images)
    assert apart(alone, whole[:1]) < 1e-5, (alone, whole)
    return whole


def params(file):
    """Of all weights, batch norms folded; helpers have a slash in their names."""
    words = (".kernel", ".bias", ".scale", ".shift")
    tensors = Interpreter(str(file)).get_tensor_details()
    weights = [t for t in tensors if t["name"].endswith(words) and "/" not in t["name"]]
    return sum(int(np.prod(t["shape"])) for t in weights)


def main(folder):
    expected = load_file(folder / "expected.safetensors")
    pixels, logits = expected["bytes"], expected["logits"]
    about = json.loads((folder / "metadata.json").read_text())["preprocessing"]
    mean, std = (np.array(about[key], np.float32) for key in ("mean", "std"))
    images = ((pixels / np.float32(255) - mean) / std).astype(np.float32)
    return {
        "plain": apart(run(folder / "model.tflite", images, "plain"), logits),
        "xnnpack": apart(run(folder / "model.tflite", images), logits),
        "inside": apart(run(folder / "inside/model.tflite", pixels), logits),
        "half": apart(run(folder / "half/model.tflite", images), logits),
        "params": params(folder / "model.tflite"),
    }


if __name__ == "__main__":
    print(json.dumps([main(Path(folder)) for folder in sys.argv[1:]]))
