#!/usr/bin/env bash
# Makes .bench/ with the runtimes that bench:bundle compares with: nothing of it is part of netlathe.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .bench
npm install --prefix .bench --no-save --ignore-scripts --no-audit --no-fund --loglevel error \
  @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 onnxruntime-web@1.30.0 @litertjs/core@2.5.3
python3 -m venv .bench/venv
.bench/venv/bin/pip install --quiet --disable-pip-version-check \
  numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 ai-edge-litert==2.3.0 tensorflow-cpu==2.21.0 keras==3.15.1
