#!/usr/bin/env bash
# Makes .venv/ with the PyTorch that bench:train compares with (NumPy only because PyTorch warns without it).
set -euo pipefail
cd "$(dirname "$0")/../.."
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check torch numpy
.venv/bin/python -c 'import torch; print("PyTorch", torch.__version__)'
