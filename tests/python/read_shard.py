#!/usr/bin/env python3
"""A second reader of shard objects, written from docs/FORMAT.md with nothing but the standard library: plain and slow.

    read_shard.py [--raw DIR] FULL.shard [INCREMENTAL.shard ...]

Each shard is the base of the next. Checks every byte of every object, decodes the last one, and prints name, dtype, sizes, modes and sha256 of
every tensor's raw bytes as JSON. Exits with 1 and a reason where something is not as the text says, with 3 where a zstd frame is met and
libzstd is missing. References in comments are to docs/FORMAT.md."""
import ctypes
import hashlib
import json
import os
import struct
import sys

MAGIC = bytes([0x8A, 0x4C, 0x53, 0x48, 0x44, 0x0D, 0x0A, 0x1A])
BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64, "F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16,
        "BF16": 16, "I16": 16, "U16": 16, "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8}
WIDTH = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "C64": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
FLOATS = {"F64", "F32", "C64", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"}
MANTISSA = {"BF16": 7, "F16": 10, "F32": 23, "C64": 23}
ROLES = {"opaque", "weight", "master", "exp-avg", "exp-avg-sq", "gradient", "buffer", "rng", "data-cursor", "scalar"}
RAW, SAME, CONSTANT, PLANES, DELTA_PLANES, DERIVED, SELF, DELTA, SPARSE, PAIRED, REPEAT, FRAME, NONZERO = range(13)


class Refused(Exception):
    pass


class ZstdMissing(Exception):
    pass


def check(condition, why):
    if not condition:
        raise Refused(why)


def align(position, to=64):
    return (position + to - 1) // to * to


# --- XxHash3, 64 bits, seed 0: from the public specification of xxHash ---

M64 = (1 << 64) - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
MX1, MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")


def word(data, at, size=8):
    return int.from_bytes(data[at:at + size], "little")


def avalanche(x):
    x = (x ^ (x >> 37)) * MX1 & M64
    return x ^ (x >> 32)


def avalanche_xxh64(x):
    x = (x ^ (x >> 33)) * P64_2 & M64
    x = (x ^ (x >> 29)) * P64_3 & M64
    return x ^ (x >> 32)


def fold(a, b):
    product = a * b
    return (product & M64) ^ (product >> 64)


def mix(data, at, secret):
    return fold(word(data, at) ^ word(SECRET, secret), word(data, at + 8) ^ word(SECRET, secret + 8))


def rotate64(x, by):
    return ((x << by) | (x >> (64 - by))) & M64


def xxh3(data):
    n = len(data)
    if n == 0:
        return avalanche_xxh64(word(SECRET, 56) ^ word(SECRET, 64))
    if n <= 3:
        combined = data[n - 1] | n << 8 | data[0] << 16 | data[n >> 1] << 24
        return avalanche_xxh64(word(SECRET, 0, 4) ^ word(SECRET, 4, 4) ^ combined)
    if n <= 8:
        value = word(SECRET, 8) ^ word(SECRET, 16) ^ (word(data, n - 4, 4) | word(data, 0, 4) << 32)
        value ^= rotate64(value, 49) ^ rotate64(value, 24)
        value = value * MX2 & M64
        value = (value ^ ((value >> 35) + n)) * MX2 & M64
        return value ^ (value >> 28)
    if n <= 16:
        low = word(SECRET, 24) ^ word(SECRET, 32) ^ word(data, 0)
        high = word(SECRET, 40) ^ word(SECRET, 48) ^ word(data, n - 8)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return avalanche((n + swapped + high + fold(low, high)) & M64)
    if n <= 128:
        acc = n * P64_1
        for i in range((n - 1) >> 5, -1, -1):
            acc += mix(data, 16 * i, 32 * i) + mix(data, n - 16 * i - 16, 32 * i + 16)
        return avalanche(acc & M64)
    if n <= 240:
        acc = n * P64_1
        for i in range(8):
            acc += mix(data, 16 * i, 16 * i)
        acc = avalanche(acc & M64)
        for i in range(8, n >> 4):
            acc += mix(data, 16 * i, 16 * (i - 8) + 3)
        return avalanche((acc + mix(data, n - 16, 119)) & M64)
    return xxh3_long(data)


def xxh3_long(data):
    n = len(data)
    acc = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]

    def accumulate(at, secret):
        stripe, key = struct.unpack_from("<8Q", data, at), struct.unpack_from("<8Q", SECRET, secret)
        for i in range(8):
            value = stripe[i] ^ key[i]
            acc[i ^ 1] = (acc[i ^ 1] + stripe[i]) & M64
            acc[i] = (acc[i] + (value & 0xFFFFFFFF) * (value >> 32)) & M64

    last = (n - 1) // 1024 * 1024
    for block in range(0, last, 1024):
        for stripe in range(16):
            accumulate(block + 64 * stripe, 8 * stripe)
        for i, key in enumerate(struct.unpack_from("<8Q", SECRET, 128)):
            acc[i] = (acc[i] ^ (acc[i] >> 47) ^ key) * P32_1 & M64
    for stripe in range((n - last - 1) // 64):
        accumulate(last + 64 * stripe, 8 * stripe)
    accumulate(n - 64, 192 - 71)
    key = struct.unpack_from("<8Q", SECRET, 11)
    return avalanche((n * P64_1 + sum(fold(acc[2 * i] ^ key[2 * i], acc[2 * i + 1] ^ key[2 * i + 1]) for i in range(4))) & M64)


# --- zstd, by the system's library ---

def zstd(frames, length):
    if not hasattr(zstd, "library"):
        try:
            zstd.library = ctypes.CDLL("libzstd.so.1")
        except OSError as e:
            raise ZstdMissing("zstd missing: libzstd.so.1 cannot be loaded (apt-get install libzstd1)") from e
        zstd.library.ZSTD_decompress.restype = ctypes.c_size_t
        zstd.library.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    buffer = ctypes.create_string_buffer(length)
    got = zstd.library.ZSTD_decompress(buffer, length, frames, len(frames))
    check(got == length, f"zstd frames of {len(frames)} bytes do not decode to {length}")
    return buffer.raw


# --- 3.4: symbol sections ---

def symbol_section(section, n):
    check(section, "an empty symbol section")
    kind, body = section[0], section[1:]
    if kind == 0:
        check(len(body) == n, "raw symbols of another number")
        return body
    if kind == 1:
        check(len(body) == 1, "a repeated symbol takes one byte")
        return body * n
    check(kind == 2, f"symbol section of kind {kind}")
    check(len(body) >= 2 and body[0] < body[1], "no Huffman code")
    first, last = body[0], body[1]
    at = 2 + (last - first + 2) // 2
    check(len(body) >= at + 12, "Huffman code cut off")
    codes = huffman_codes({s: body[2 + (s - first) // 2] >> 4 * ((s - first) % 2) & 15 for s in range(first, last + 1)})
    sizes = struct.unpack_from("<3I", body, at)
    at += 12
    k, out = (n + 3) // 4, bytearray()
    for j in range(4):
        end = at + sizes[j] if j < 3 else len(body)
        check(end <= len(body), "a Huffman stream is cut off")
        out += huffman_stream(body[at:end], codes, min((j + 1) * k, n) - min(j * k, n))
        at = end
    return bytes(out)


def huffman_codes(lengths):
    check(all(length <= 11 for length in lengths.values()), "a code of more than 11 bits")
    check(sum(1 << (11 - length) for length in lengths.values() if length) == 2048, "the Huffman code is not complete")
    codes, code, before = {}, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items() if length):
        code = (code + 1 if before else 0) << (length - before)
        before = length
        codes[length, code] = symbol
    return codes


def huffman_stream(stream, codes, n):
    out, position, bits = bytearray(), 0, 8 * len(stream)
    for _ in range(n):
        length = code = 0
        while (length, code) not in codes or not length:
            check(position < bits, "a Huffman stream ends too early")
            code = code << 1 | stream[position >> 3] >> (position & 7) & 1
            position += 1
            length += 1
        out.append(codes[length, code])
    check((position + 7) // 8 == len(stream), "a Huffman stream goes on behind its last symbol")
    return out


# --- 3.2 and 3.3: numbers ---

def numbers(raw, width):
    return [word(raw, at, width) for at in range(0, len(raw), width)]


def packed(values, width):
    return b"".join(value.to_bytes(width, "little") for value in values)


def ordered(x, b, is_float):
    if not is_float:
        return x
    return x ^ ((1 << b) - 1) if x >> (b - 1) else x | 1 << (b - 1)


def unordered(key, b, is_float):
    if not is_float:
        return key
    return key ^ 1 << (b - 1) if key >> (b - 1) else key ^ ((1 << b) - 1)


def unzigzag(z):
    return z >> 1 if z & 1 == 0 else -(z >> 1) - 1


def undifference(z, y, b, is_float=True):
    return unordered((ordered(y, b, is_float) + unzigzag(z)) % (1 << b), b, is_float)


def planes(dtype, stored, length, below):
    width = WIDTH.get(dtype, 1)
    b, n, at = 8 * width, length // width, 4 * width
    check(length % width == 0 and len(stored) >= at, "no table of planes")
    values = [0] * n
    for p in range(width):
        head = word(stored, 4 * p, 4)
        size = head & 0x7FFFFFFF
        check(size <= len(stored) - at and (size < n if head >> 31 else size == n), f"plane {p} has a wrong length")
        plane = zstd(stored[at:at + size], n) if head >> 31 else stored[at:at + size]
        values = [value | byte << 8 * p for value, byte in zip(values, plane)]
        at += size
    check(at == len(stored), "bytes left over behind the planes")
    is_float = dtype in FLOATS
    if below is not None:
        values = [undifference(z, y, b, is_float) for z, y in zip(values, numbers(below, width))]
    elif is_float:
        values = [z >> 1 | (z & 1) << (b - 1) for z in values]
    return packed(values, width)


def float_run(dtype, stored, n, other):
    """The numbers of a run; other: those beside it, or None."""
    b, m = 8 * WIDTH[dtype], MANTISSA[dtype]
    check(len(stored) >= 16, "a run of floats without header")
    head, shift, zero, top, low_length, listed_length = struct.unpack_from("<BBHIII", stored)
    residual, by_exponent = head & 0x7F, head >> 7
    check(residual <= 4 and zero == 0, "residual or reserved bytes")
    check(not by_exponent or residual == 2, "only differences are shifted by exponent")
    check(by_exponent or shift <= b - 8, "a shift that is too large")
    check(residual != 2 or top == 0, "differences have no top")
    check(residual != 4 or (b == 32 and 16 <= top <= 268_435_455), "rows of the wrong length or type")
    check(residual not in (2, 3) or other is not None or n == 0, "no other numbers")
    check(16 + low_length + listed_length <= len(stored), "a run of floats is cut off")
    low = int.from_bytes(stored[16:16 + low_length], "little")
    listed = stored[16 + low_length:16 + low_length + listed_length]
    symbols = symbol_section(stored[16 + low_length + listed_length:], n)
    out, taken, at, mask = [], 0, 0, (1 << b) - 1
    for i, symbol in enumerate(symbols):
        s = max(0, min(shift - ((other[i] & mask >> 1) >> m), b - 8)) if by_exponent else shift
        q = symbol
        if symbol == 255:
            check(at + 2 <= len(listed), "a listed value is missing")
            q, at = word(listed, at, 2), at + 2
            if q == 0xFFFF:
                check(at + 4 <= len(listed), "a listed value is missing")
                q, at = word(listed, at, 4), at + 4
        if residual not in (2, 4):
            q = (top - q) & 0xFFFFFFFF
        z = (q << s | (low >> taken) & ((1 << s) - 1)) & mask
        taken += s
        out.append(unresidual(residual, z, b, other[i] if other else 0, out, top))
    check(at == len(listed), "listed values are left over")
    check((taken + 7) // 8 == low_length, "low bits of another length")
    return out


def unresidual(residual, z, b, y, before, row):
    if residual == 0:
        return z >> 1 | (z & 1) << (b - 1)
    if residual == 1:
        return z
    if residual == 2:
        return undifference(z, y, b)
    if residual == 3:
        return ((z >> 1) + (y >> 1) - (1 << (b - 2))) % (1 << (b - 1)) | (z & 1) << (b - 1)
    i = len(before)
    expected = 0 if i == 0 else before[i - 1] if i <= row else before[i - 1] + before[i - row] - before[i - row - 1]
    return (expected + unzigzag(z)) % (1 << b)


def sparse(dtype, stored, length, below):
    width = WIDTH[dtype]
    n = length // width
    check(len(stored) >= 16, "a sparse chunk without header")
    count, gaps, section, zero = struct.unpack_from("<4I", stored)
    check(zero == 0 and count <= n // 2 and count <= gaps <= count + n // 255 and 16 + section <= len(stored), "a sparse chunk's header")
    place, places = 0, []
    for gap in symbol_section(stored[16:16 + section], gaps):
        place += gap
        if gap < 255:
            places.append(place)
            place += 1
    check(len(places) == count and all(p < n for p in places), "gaps lead elsewhere")
    values = numbers(below, width) if below is not None else [0] * n
    other = [values[p] for p in places] if below is not None else None
    for p, value in zip(places, float_run(dtype, stored[16 + section:], count, other)):
        values[p] = value
    return packed(values, width)


def half(x):
    """fp32 bits to fp16 bits, to the nearest, halves to even."""
    sign, magnitude = x >> 16 & 0x8000, x & 0x7FFFFFFF
    if magnitude > 0x7F800000:
        return sign | 0x7E00 | magnitude >> 13 & 0x1FF
    if magnitude >= 0x47800000:
        return sign | 0x7C00
    exponent = magnitude >> 23
    if exponent >= 113:
        value, rest = (magnitude - (112 << 23)), 13
    else:
        # Denormals: units of 2^-24.
        value, rest = (magnitude & 0x7FFFFF | 0x800000) if exponent else 0, min(126 - exponent, 31)
    low, value = value & ((1 << rest) - 1), value >> rest
    return sign | value + (low > 1 << (rest - 1) or (low == 1 << (rest - 1) and value & 1))


def derived(dtype, stored, master):
    check(len(stored) >= 8 and stored[1:4] == bytes(3), "a derived chunk's header")
    kind, count = stored[0], word(stored, 4, 4)
    check(kind == 0 or (kind == 1 and dtype == "BF16"), f"cast {kind}")
    check(len(stored) == 8 + 6 * count, "exceptions of another number")
    out = []
    for x in numbers(master, 4):
        if kind == 1:
            out.append(x >> 16)
        elif dtype == "F16":
            out.append(half(x))
        else:
            out.append(0x7FC0 if x & 0x7FFFFFFF > 0x7F800000 else x + 0x7FFF + (x >> 16 & 1) >> 16)
    for at in range(8, len(stored), 6):
        place, value = struct.unpack_from("<IH", stored, at)
        check(place < len(out), "an exception outside the chunk")
        out[place] = value
    return packed(out, 2)


# --- 3: the object ---

def canonical(text):
    def once(pairs):
        check(len(dict(pairs)) == len(pairs), "a JSON member is named twice")
        return dict(pairs)
    value = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    check(rendered(value) == text, "JSON that is not canonical")
    return value


def rendered(value):
    """RFC 8785, of what shards hold: whole numbers only."""
    if isinstance(value, dict):
        members = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return b"{" + b",".join(rendered(name) + b":" + rendered(value[name]) for name in members) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(rendered, value)) + b"]"
    check(not isinstance(value, float), "a number that is not whole")
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


class Shard:
    def __init__(self, path, base):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.base, self.cache = base, {}
        self.read_header()
        self.read_footer()
        self.read_index()
        self.link()

    def read_header(self):
        check(len(self.bytes) >= 64 + 8 + 104 and self.bytes[:8] == MAGIC, "no shard object")
        version, flags, length = struct.unpack_from("<HHI", self.bytes, 8)
        check(version == 1 and flags == 0 and 1 <= length <= 65_536, "header fields")
        self.header_length = align(16 + length)
        check(self.header_length + 104 <= len(self.bytes), "the header is cut off")
        check(not any(self.bytes[16 + length:self.header_length]), "header padding")
        self.identity = identity = canonical(self.bytes[16:16 + length])
        check(set(identity) == {"run", "generation", "step", "rank", "worldSize", "layoutDigest", "chunkElements", "codec", "base"},
              "members of the identity")
        self.chunk_elements, self.version = identity["chunkElements"], identity["codec"]["version"]
        check(self.chunk_elements % 8 == 0 and 8 <= self.chunk_elements <= 1_048_576, "chunkElements")
        check(identity["codec"]["name"] == "lineage.planes" and self.version in (1, 2), "unknown codec")

    def read_footer(self):
        end = len(self.bytes) - 104
        offset, length = struct.unpack_from("<QQ", self.bytes, end)
        digest, root = self.bytes[end + 16:end + 48], self.bytes[end + 48:end + 80]
        total, version, flags, reserved = struct.unpack_from("<QHHI", self.bytes, end + 80)
        check((total, version, flags, reserved) == (len(self.bytes), 1, 0, 0) and self.bytes[-8:] == MAGIC[::-1], "footer fields")
        check(offset >= self.header_length and offset % 64 == 0 and offset + length == end, "index place")
        self.index, self.index_offset = self.bytes[offset:end], offset
        check(hashlib.sha256(self.index).digest() == digest, "SHA-256 of the index")
        header = self.bytes[:self.header_length]
        self.root = hashlib.sha256(
            b"lineage.shard.v1\n" + struct.pack("<Q", len(header)) + header + struct.pack("<QQ", offset, length) + digest)
        check(self.root.digest() == root, "root")

    def read_index(self):
        length, count = struct.unpack_from("<II", self.index)
        start = align(8 + length, 8)
        check(start + 72 * count == len(self.index) and not any(self.index[8 + length:start]), "index lengths or padding")
        self.tensors = canonical(self.index[8:8 + length])
        self.check_tensors()
        self.chunks, position = [], self.header_length
        for number, tensor in enumerate(self.tensors):
            tensor["first"] = len(self.chunks)
            for ordinal in range(-(-tensor["elements"] // self.chunk_elements)):
                check(len(self.chunks) < count, "too few chunks")
                entry = struct.unpack_from("<IBBHQIIQQ32s", self.index, start + 72 * len(self.chunks))
                position = self.check_entry(entry, number, ordinal, tensor, position)
        check(len(self.chunks) == count and position == self.index_offset, "too many chunks, or bytes behind them")

    def check_tensors(self):
        for tensor in self.tensors:
            check(set(tensor) == {"name", "dtype", "globalShape", "offsets", "sizes", "role", "castOf"}, "members of a tensor")
            check(tensor["dtype"] in BITS and tensor["role"] in ROLES, "type or role")
            shape = list(zip(tensor["globalShape"], tensor["offsets"], tensor["sizes"], strict=True))
            check(len(shape) <= 8 and all(min(d) >= 0 and d[1] + d[2] <= d[0] for d in shape), "rectangle")
            tensor["elements"] = 1
            for size in tensor["sizes"]:
                tensor["elements"] *= size
            check(tensor["elements"] * BITS[tensor["dtype"]] % 8 == 0, "elements do not fill whole bytes")
            tensor["bytes"] = tensor["elements"] * BITS[tensor["dtype"]] // 8
        names = {tensor["name"] for tensor in self.tensors}
        check(len(names) == len(self.tensors), "a name is there twice")
        check(all(t["castOf"] is None or (t["castOf"] in names and t["castOf"] != t["name"]) for t in self.tensors), "castOf")

    def check_entry(self, entry, number, ordinal, tensor, position):
        index, mode, flags, version, at, raw, stored, offset, hashed, digest = entry
        begin = ordinal * self.chunk_elements * BITS[tensor["dtype"]] // 8
        length = min(self.chunk_elements * BITS[tensor["dtype"]] // 8, tensor["bytes"] - begin)
        check((index, at, flags, version) == (number, ordinal, 0, self.version), "entry fields")
        check(raw == length and offset == position and stored <= raw, "entry sizes")
        check(mode <= (4 if version == 1 else 12), f"mode {mode}")
        check(self.identity["base"] or mode not in (SAME, DELTA_PLANES, DELTA, SPARSE), "a mode that needs a base")
        content = self.bytes[offset:offset + stored]
        check(hashlib.sha256(content).digest() == digest, f"SHA-256 of chunk {len(self.chunks)}")
        end = align(offset + stored)
        check(end <= self.index_offset and not any(self.bytes[offset + stored:end]), "padding behind a chunk")
        self.chunks.append({"tensor": number, "ordinal": ordinal, "mode": mode, "begin": begin, "raw": raw, "stored": content, "hash": hashed})
        return end

    def link(self):
        """2: the layout; 3.2: the base; 3.3: what may refer to what."""
        layout = {"format": "lineage.layout.v1", "worldSize": self.identity["worldSize"],
                  "tensors": [{m: tensor[m] for m in ("name", "dtype", "globalShape", "role")} for tensor in self.tensors]}
        check(self.identity["layoutDigest"] == "sha256:" + hashlib.sha256(rendered(layout)).hexdigest(), "layout digest")
        base = self.identity["base"]
        check((base is None) == (self.base is None), "a base is given where none is named, or none where one is")
        if base:
            check(base["shardRoot"] == "sha256:" + self.base.root.hexdigest(), "another base")
            for mine, below in zip(self.tensors, self.base.tensors, strict=True):
                check(all(mine[m] == below[m] for m in ("name", "dtype", "globalShape", "offsets", "sizes")), "the base is cut otherwise")
        by_name = {tensor["name"]: i for i, tensor in enumerate(self.tensors)}
        self.masters, self.seconds = {}, {}
        for i, tensor in enumerate(self.tensors):
            master = by_name.get(tensor["castOf"])
            if tensor["dtype"] in ("BF16", "F16") and master is not None:
                if self.tensors[master]["dtype"] == "F32" and self.tensors[master]["sizes"] == tensor["sizes"]:
                    self.masters[i] = master
        first, second = ([i for i, t in enumerate(self.tensors) if t["role"] == role] for role in ("exp-avg", "exp-avg-sq"))
        for m, v in zip(first, second):
            if all(self.tensors[m][member] == self.tensors[v][member] for member in ("dtype", "sizes")):
                self.seconds[m] = v

    def source(self, number):
        chunk = self.chunks[number]
        if chunk["mode"] == REPEAT:
            check(len(chunk["stored"]) == 16, "a repeat takes 16 bytes")
            tensor, zero, ordinal = struct.unpack("<IIQ", chunk["stored"])
            check(zero == 0 and tensor < len(self.tensors), "what is repeated")
            target = self.tensors[tensor]["first"] + ordinal
            check(ordinal < -(-self.tensors[tensor]["elements"] // self.chunk_elements) and target < number, "what is repeated lies behind")
            earlier = self.chunks[target]
            check(earlier["raw"] == chunk["raw"] and earlier["mode"] not in (DERIVED, PAIRED, REPEAT)
                  and self.tensors[tensor]["dtype"] == self.tensors[chunk["tensor"]]["dtype"], "what is repeated is of another kind")
            return target
        tensor = (self.masters if chunk["mode"] == DERIVED else self.seconds).get(chunk["tensor"])
        check(tensor is not None, "nothing to be derived from")
        return self.tensors[tensor]["first"] + chunk["ordinal"]

    def chunk(self, number):
        if number not in self.cache:
            chunk = self.chunks[number]
            raw = self.decode(number, chunk, self.tensors[chunk["tensor"]]["dtype"])
            check(len(raw) == chunk["raw"] and xxh3(raw) == chunk["hash"], f"XxHash3 of chunk {number} (mode {chunk['mode']})")
            self.cache[number] = raw
        return self.cache[number]

    def decode(self, number, chunk, dtype):
        mode, stored, length = chunk["mode"], chunk["stored"], chunk["raw"]
        width = WIDTH.get(dtype, 1)
        check(mode not in (SELF, DELTA, SPARSE, PAIRED, NONZERO) or dtype in MANTISSA, "a mode for floats")
        below = None
        if mode in (SAME, DELTA_PLANES, DELTA, SPARSE):
            below = self.base.range(chunk["tensor"], chunk["begin"], length)
        if mode == RAW:
            return stored
        if mode == SAME:
            check(not stored, "same as the base, but something is stored")
            return below
        if mode == CONSTANT:
            check(len(stored) == width, "a constant of another width")
            return stored * (length // width)
        if mode in (PLANES, DELTA_PLANES):
            return planes(dtype, stored, length, below)
        if mode == FRAME:
            return zstd(stored, length)
        if mode == REPEAT:
            return self.chunk(self.source(number))
        if mode == DERIVED:
            check(dtype in ("BF16", "F16"), "a cast to another type")
            return derived(dtype, stored, self.chunk(self.source(number)))
        if mode in (SPARSE, NONZERO):
            return sparse(dtype, stored, length, below)
        other = below if mode == DELTA else self.chunk(self.source(number)) if mode == PAIRED else None
        return packed(float_run(dtype, stored, length // width, numbers(other, width) if other else None), width)

    def range(self, tensor, begin, length):
        """Raw bytes of a tensor, whatever chunks they lie in."""
        size = self.chunk_elements * BITS[self.tensors[tensor]["dtype"]] // 8
        first, last = begin // size, (begin + length - 1) // size
        raw = b"".join(self.chunk(self.tensors[tensor]["first"] + ordinal) for ordinal in range(first, last + 1))
        return raw[begin - first * size:][:length]

    def tensor(self, number):
        return self.range(number, 0, self.tensors[number]["bytes"]) if self.tensors[number]["bytes"] else b""


def main(arguments):
    raw_folder = None
    if arguments[:1] == ["--raw"]:
        raw_folder, arguments = arguments[1], arguments[2:]
    if not arguments:
        sys.exit(__doc__)
    shard = None
    for path in arguments:
        shard = Shard(path, shard)
    result = []
    for number, tensor in enumerate(shard.tensors):
        content = shard.tensor(number)
        modes = sorted({chunk["mode"] for chunk in shard.chunks if chunk["tensor"] == number})
        result.append({"name": tensor["name"], "dtype": tensor["dtype"], "sizes": tensor["sizes"], "modes": modes,
                       "sha256": hashlib.sha256(content).hexdigest()})
        if raw_folder is not None:   # by number: names are never used as paths
            with open(os.path.join(raw_folder, f"{number:05}.raw"), "wb") as file:
                file.write(content)
    print(json.dumps({"root": shard.root.hexdigest(), "tensors": result}))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ZstdMissing as e:
        print(e, file=sys.stderr)
        sys.exit(3)
    except (Refused, ValueError, KeyError, TypeError, struct.error) as e:
        print(f"refused: {e}", file=sys.stderr)
        sys.exit(1)
