"""What PyTorch does with the same state: one command per line on standard input, one JSON object per line as the answer.

The state comes from a raw file and a list of tensors, so that both sides handle the very same bytes. Standard library and torch only.
"""

import json
import os
import sys
import threading
import time

import torch

DTYPES = {"BF16": torch.bfloat16, "F32": torch.float32}
BITS = {torch.bfloat16: torch.int16, torch.float32: torch.int32}


def read_state(raw_path, layout):
    """A state dict whose tensors own their memory."""
    with open(raw_path, "rb") as file:
        raw = bytearray(file.read())
    state, at = {}, 0
    for tensor in layout:
        dtype = DTYPES[tensor["dtype"]]
        count = 1
        for size in tensor["shape"]:
            count *= size
        state[tensor["name"]] = torch.frombuffer(raw, dtype=dtype, count=count, offset=at).reshape(tensor["shape"]).clone()
        at += count * state[tensor["name"]].element_size()
    return state


def save(state, path):
    """Returns when the file is on the disk."""
    with open(path, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())


def status(field):
    """A figure of /proc/self/status in bytes."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return 0


def reset_peak():
    """From here on VmHWM counts anew."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def same(state, other):
    """Bit for bit, NaNs included."""
    return state.keys() == other.keys() and all(
        torch.equal(tensor.view(BITS[tensor.dtype]), other[name].view(BITS[tensor.dtype])) for name, tensor in state.items())


class Stopwatch:
    """Wall time and processor time of all threads since it was made."""

    def __init__(self):
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def answer(self):
        return {"seconds": time.perf_counter() - self.wall, "processor": time.process_time() - self.processor}


def timed_save(state, path):
    begun = Stopwatch()
    save(state, path)
    return begun.answer()


def timed_clone(state, path):
    """Training goes on after the clone; a thread writes it."""
    begun = Stopwatch()
    clone = {name: tensor.clone() for name, tensor in state.items()}
    stall = begun.answer()["seconds"]
    writer = threading.Thread(target=save, args=(clone, path))
    writer.start()
    writer.join()
    return {**begun.answer(), "stall": stall}


def forget(path):
    """The next read comes from the disk."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed_load(state, path):
    begun = Stopwatch()
    loaded = torch.load(path)
    return {**begun.answer(), "verified": same(state, loaded)}


def timed_load_into(state, target, path):
    """As a trainer resumes: loaded, then copied into the tensors that the model and the optimizer already have."""
    begun = Stopwatch()
    loaded = torch.load(path)
    for name, tensor in target.items():
        tensor.copy_(loaded[name])
    return {**begun.answer(), "verified": same(state, target)}


def main():
    state, target = {}, {}
    for line in sys.stdin:
        command = json.loads(line)
        path = command["path"]
        peak_from = 0
        if command.get("peak"):
            reset_peak()
            peak_from = status("VmRSS")
        if command["do"] == "state":
            state = read_state(path, command["layout"])
            target = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
            answer = {"version": torch.__version__, "threads": torch.get_num_threads()}
        elif command["do"] == "save":
            answer = timed_save(state, path)
        elif command["do"] == "clone":
            answer = timed_clone(state, path)
        elif command["do"] == "load":
            answer = timed_load(state, path)
        elif command["do"] == "load_cold":
            forget(path)
            answer = timed_load(state, path)
        else:
            answer = timed_load_into(state, target, path)
        if command.get("peak"):
            answer["peak"] = status("VmHWM") - peak_from   # the comparison after a load needs one tensor more at most
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
