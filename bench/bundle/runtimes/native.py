"""A process that runs one network natively on one thread: native.py onnxruntime|litert FOLDER IMAGE. Speaks as serve.mjs."""

import json
import resource
import sys
import time

import numpy as np


def open_onnxruntime(folder, image):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    planes = np.ascontiguousarray(image.transpose(0, 3, 1, 2))
    return f"ORT native {ort.__version__}", lambda: session.run(None, {"image": planes})[0]


def open_litert(folder, image):
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=f"{folder}/model.tflite", num_threads=1)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    exit_ = interpreter.get_output_details()[0]["index"]

    def run():
        interpreter.set_tensor(entry, image)
        interpreter.invoke()
        return interpreter.get_tensor(exit_)

    return f"LiteRT native {version('ai-edge-litert')}", run


def peak_memory():
    """MiB. Linux counts it from the start of this program; getrusage would count the one that started it, too."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(runtime, folder, image_file, height, width):
    image = np.fromfile(image_file, "<f4").reshape(1, int(height), int(width), 3)
    before = time.perf_counter()
    label, run = {"onnxruntime": open_onnxruntime, "litert": open_litert}[runtime](folder, image)
    logits = run().ravel().tolist()
    start = (time.perf_counter() - before) * 1000
    for _ in range(50):
        run()
    print(json.dumps({"label": label, "start": start, "logits": logits}), flush=True)
    for line in sys.stdin:
        seconds, times, begin = json.loads(line)["seconds"], [], time.perf_counter()
        while time.perf_counter() - begin < seconds:
            at = time.perf_counter()
            run()
            times.append((time.perf_counter() - at) * 1000)
        print(json.dumps({"times": times, "peakMemory": peak_memory()}), flush=True)


main(*sys.argv[1:])
