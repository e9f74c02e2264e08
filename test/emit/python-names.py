"""Reads a list of Python sources as JSON; prints for each the shape of its tree, and the texts that it assigns."""

import ast
import json
import re
import sys

IDENTIFIER = re.compile(r"^(__init__|__file__|[A-Za-z][A-Za-z0-9_]*_?)$")


def shape(tree):
    parts = []
    for node in ast.walk(tree):
        parts.append(type(node).__name__)
        for field in ("id", "attr", "arg", "name"):
            word = getattr(node, field, None)
            if isinstance(word, str) and not IDENTIFIER.match(word):
                parts.append(f"odd identifier {word!r}")
        if isinstance(node, ast.Constant) and not isinstance(node.value, str):
            parts.append(repr(node.value))
    return " ".join(parts)


def read(source):
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        return {"shape": f"does not parse: {error}", "name": None, "classes": None}
    values = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
    return {
        "shape": shape(tree),
        "name": ast.literal_eval(values["NAME"]),
        "classes": ast.literal_eval(values["CLASSES"]),
    }


print(json.dumps([read(source) for source in json.load(sys.stdin)]))
