"""Copies a GGUF file with every weight decoded to f32, so that llama.cpp computes on it without rounding activations."""

import struct

import numpy as np

F32, Q4_1, Q8_0 = 0, 3, 8
STRING, ARRAY = 8, 9
SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32


def decode(kind, raw, count):
    """f32 [count] of the blocks at the start of `raw`, a u8 array. A block is 32 weights."""
    halves = lambda blocks, at: blocks[:, at:at + 2].copy().view("<f2").astype(np.float32)
    if kind == F32:
        return raw[:4 * count].view("<f4")
    if kind == Q4_1:
        blocks = raw[:count // 32 * 20].reshape(-1, 20)
        nibbles = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
        return (nibbles * halves(blocks, 0) + halves(blocks, 2)).astype("<f4").reshape(-1)
    if kind == Q8_0:
        blocks = raw[:count // 32 * 34].reshape(-1, 34)
        return (blocks[:, 2:].view("i1") * halves(blocks, 0)).astype("<f4").reshape(-1)
    raise ValueError(f"tensor type {kind} is not one that the fixtures use")


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, code):
        size = struct.calcsize("<" + code)
        self.at += size
        return struct.unpack_from("<" + code, self.data, self.at - size)[0]

    def bytes(self):
        size = self.number("Q")
        self.at += size
        return bytes(self.data[self.at - size:self.at])

    def skip_value(self, kind):
        if kind == STRING:
            self.bytes()
        elif kind == ARRAY:
            element = self.number("I")
            for _ in range(self.number("Q")):
                self.skip_value(element)
        else:
            self.at += SCALAR_BYTES[kind]


def padding(size):
    return b"\0" * (-size % ALIGNMENT)


def dequantize(source, target):
    data = np.fromfile(source, np.uint8)
    reader = Reader(data.data)
    reader.at = 8
    tensor_count, key_count = reader.number("Q"), reader.number("Q")
    for _ in range(key_count):
        reader.bytes()
        reader.skip_value(reader.number("I"))
    header = bytes(data[:reader.at])
    tensors = []
    for _ in range(tensor_count):
        name = reader.bytes()
        shape = [reader.number("Q") for _ in range(reader.number("I"))]
        tensors.append((name, shape, reader.number("I"), reader.number("Q")))
    start = -(-reader.at // ALIGNMENT) * ALIGNMENT
    offset = 0
    for name, shape, _, _ in tensors:
        header += struct.pack("<Q", len(name)) + name + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, F32, offset)
        size = 4 * int(np.prod(shape))
        offset += size + len(padding(size))
    with open(target, "wb") as file:
        file.write(header + padding(len(header)))
        for _, shape, kind, offset in tensors:
            values = decode(kind, data[start + offset:], int(np.prod(shape))).tobytes()
            file.write(values + padding(len(values)))
