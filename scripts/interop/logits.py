"""Logits of a project's network for given bytes.

    python logits.py PROJECT WEIGHTS FILE    FILE has `bytes`; the logits are printed as JSON
"""

import importlib.util
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

project, weights, file = sys.argv[1:]
spec = importlib.util.spec_from_file_location("model", Path(project) / "model.py")
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
with torch.inference_mode():
    logits = model.load(weights)(model.normalize(load_file(file)["bytes"]))
print(json.dumps(logits.flatten().tolist()))
