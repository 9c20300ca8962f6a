#!/usr/bin/env python3
"""Reads a safetensors file with nothing but the standard library; prints name, dtype, shape and sha256 of every tensor as JSON."""
import hashlib
import json
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
            yield {"name": name, "dtype": entry["dtype"], "shape": entry["shape"], "sha256": hashlib.sha256(content).hexdigest()}


if __name__ == "__main__":
    print(json.dumps(list(tensors(sys.argv[1]))))
