#!/usr/bin/env python3
"""Reads a safetensors file, or all files of a model.safetensors.index.json, with nothing but the standard library; prints name, dtype,
shape and sha256 of every tensor as JSON."""
import hashlib
import json
import os
import struct
import sys


def tensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            file.seek(8 + length + begin)
            content = file.read(end - begin)
            assert len(content) == end - begin, name
            yield {
                "name": name, "dtype": entry["dtype"], "shape": entry["shape"], "bytes": end - begin,
                "sha256": hashlib.sha256(content).hexdigest(),
            }


def indexed(path):
    with open(path, "rb") as file:
        index = json.load(file)
    places, total = dict(index["weight_map"]), 0
    for name in sorted(set(places.values())):
        assert os.path.basename(name) == name, name
        for tensor in tensors(os.path.join(os.path.dirname(path), name)):
            assert places.pop(tensor["name"]) == name, tensor["name"]
            total += tensor["bytes"]
            yield tensor
    assert not places, places
    assert total == index["metadata"]["total_size"], total


if __name__ == "__main__":
    print(json.dumps(list((indexed if sys.argv[1].endswith(".index.json") else tensors)(sys.argv[1]))))
