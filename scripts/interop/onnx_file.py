"""What onnx and onnxruntime make of an ONNX file."""

import numpy as np
import onnx
import onnxruntime


def apart(logits, expected):
    """The largest difference, as a share of the largest logit."""
    return float(np.abs(logits - expected).max() / np.abs(expected).max())


def metadata_of(file):
    return {entry.key: entry.value for entry in onnx.load(file).metadata_props}


def run_onnx(file, image):
    """Logits, how many weights there are, and their names."""
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    whole = session.run(["logits"], {"image": image})[0]
    # The batch is dynamic: one image alone gives its row.
    alone = session.run(["logits"], {"image": image[:1]})[0]
    assert alone.shape == (1, whole.shape[1]), alone.shape
    weights = [t for t in model.graph.initializer if "/" not in t.name]
    return whole, sum(int(np.prod(t.dims)) for t in weights), [t.name for t in weights]
