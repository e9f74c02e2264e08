"""The network of a bundle for the other runtimes: convert.py FOLDER reads network.json and weights.safetensors there and
writes model.tflite (Keras, then TensorFlow's converter) and model.onnx (NCHW, as PyTorch exports it)."""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import onnx
import tensorflow as tf
from keras import layers, ops
from onnx import helper, numpy_helper


def read_safetensors(path):
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + at for at in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return tensors


def unknown(node):
    sys.exit(f"convert.py knows no {node['op']} ({node['name']}): take another network")


def to_keras(network, weights):
    size = network["input"]
    image = keras.Input(batch_shape=(1, size["height"], size["width"], size["channels"]))
    values = {-1: image}
    for at, node in enumerate(network["nodes"]):
        inputs = [values[i] for i in node["inputs"]]
        values[at] = keras_layer(node, inputs, weights)
    return keras.Model(image, values[network["output"]])


def keras_layer(node, inputs, weights):
    op, attributes, x = node["op"], node["attributes"], inputs[0]
    tensor = lambda name: weights[f"{node['name']}.{name}"]
    if op in ("conv2d", "maxPool2d"):
        top, bottom, left, right = attributes["padding"]
        window = attributes["kernel"] if op == "conv2d" else attributes["size"]
        strides = tuple(attributes["stride"])
        edges = ((top, bottom), (left, right))
        same = strides == (1, 1) and all(a == b == (k - 1) // 2 for (a, b), k in zip(edges, window))
        if not same and any((top, bottom, left, right)):
            if op == "maxPool2d":
                unknown(node)
            x = layers.ZeroPadding2D(edges)(x)
        padding = "same" if same else "valid"
        if op == "maxPool2d":
            return layers.MaxPooling2D(window, strides, padding)(x)
        kernel, bias = tensor("kernel"), attributes["bias"]
        rest = [tensor("bias")] if bias else []
        if attributes["groups"] == x.shape[-1] > 1:
            layer = layers.DepthwiseConv2D(window, strides, padding, use_bias=bias)
            kernel = kernel.reshape(*kernel.shape[:2], -1, kernel.shape[3] // x.shape[-1])
            kernel = kernel.reshape(*kernel.shape[:2], x.shape[-1], -1)
        else:
            layer = layers.Conv2D(
                attributes["filters"], window, strides, padding, use_bias=bias,
                groups=attributes["groups"], dilation_rate=tuple(attributes["dilation"]),
            )  # fmt: skip
        y = layer(x)
        layer.set_weights([kernel, *rest])
        return y
    if op == "batchNorm":
        layer = layers.BatchNormalization(epsilon=attributes["epsilon"])
        y = layer(x)
        layer.set_weights([tensor(n) for n in ("gamma", "beta", "movingMean", "movingVariance")])
        return y
    if op == "dense":
        layer = layers.Dense(attributes["units"], use_bias=attributes["bias"])
        y = layer(x)
        layer.set_weights([tensor(n) for n in ("kernel", "bias")][: 1 + attributes["bias"]])
        return y
    if op == "globalAvgPool":
        return layers.GlobalAveragePooling2D(keepdims=True)(x)
    if op == "add":
        return layers.Add()(inputs)
    plain = {"relu": "relu", "relu6": "relu6", "hardSwish": "hard_swish", "gelu": "gelu", "silu": "silu"}
    if op in plain:
        return layers.Activation(plain[op])(x)
    return unknown(node)


def to_onnx(network, weights):
    size = network["input"]
    shape = [1, size["channels"], size["height"], size["width"]]
    nodes, constants, names = [], [], {-1: "image"}

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    for at, node in enumerate(network["nodes"]):
        made, names[at] = onnx_nodes(node, [names[i] for i in node["inputs"]], weights, constant)
        nodes += made
    output = names[network["output"]]
    nodes.append(helper.make_node("Flatten", [output], ["logits"]))
    value = lambda name, shape: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, "network", [value("image", shape)], [value("logits", [1, network["classes"]])], constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def onnx_nodes(node, inputs, weights, constant):
    op, attributes, name = node["op"], node["attributes"], node["name"]
    tensor = lambda part: weights[f"{name}.{part}"]
    out = name
    make = lambda kind, args, **rest: ([helper.make_node(kind, args, [out], **rest)], out)
    if op == "conv2d":
        top, bottom, left, right = attributes["padding"]
        args = [*inputs, constant(f"{name}.w", tensor("kernel").transpose(3, 2, 0, 1))]
        if attributes["bias"]:
            args.append(constant(f"{name}.b", tensor("bias")))
        return make(
            "Conv", args, kernel_shape=attributes["kernel"], strides=attributes["stride"],
            dilations=attributes["dilation"], group=attributes["groups"], pads=[top, left, bottom, right],
        )  # fmt: skip
    if op == "maxPool2d":
        top, bottom, left, right = attributes["padding"]
        pads = [top, left, bottom, right]
        return make("MaxPool", inputs, kernel_shape=attributes["size"], strides=attributes["stride"], pads=pads)
    if op == "batchNorm":
        parts = [constant(f"{name}.{p}", tensor(p)) for p in ("gamma", "beta", "movingMean", "movingVariance")]
        return make("BatchNormalization", [*inputs, *parts], epsilon=attributes["epsilon"])
    if op == "dense":
        flat = f"{name}.flat"
        args = [flat, constant(f"{name}.w", tensor("kernel"))]
        if attributes["bias"]:
            args.append(constant(f"{name}.b", tensor("bias")))
        return [helper.make_node("Flatten", inputs, [flat]), *make("Gemm", args)[0]], out
    plain = {"relu": "Relu", "hardSwish": "HardSwish", "globalAvgPool": "GlobalAveragePool", "add": "Add"}
    if op in plain:
        return make(plain[op], inputs)
    return unknown(node)


def main(folder):
    network = json.load(open(f"{folder}/network.json"))
    weights = read_safetensors(f"{folder}/weights.safetensors")
    model = to_keras(network, weights)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    open(f"{folder}/model.tflite", "wb").write(converter.convert())
    onnx.save(to_onnx(network, weights), f"{folder}/model.onnx")


main(sys.argv[1])
