"""Copies a GGUF file with every weight decoded to f32, so that llama.cpp computes on it without rounding activations."""

import struct

import numpy as np

F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16 = 0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 30
STRING, ARRAY = 8, 9
SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32


def decode(kind, raw, count):
    """f32 [count] of the blocks at the start of `raw`, a u8 array. Formats: ggml-quants.c, dequantize_row_*."""
    if kind == F32:
        return raw[:4 * count].view("<f4")
    if kind == F16:
        return raw[:2 * count].view("<f2").astype("<f4")
    if kind == BF16:
        return (raw[:2 * count].view("<u2").astype("<u4") << 16).view("<f4")
    if kind not in BLOCKS:
        raise ValueError(f"tensor type {kind} is not one that the fixtures use")
    weights, size, values = BLOCKS[kind]
    return values(raw[:count // weights * size].reshape(-1, size)).astype("<f4").reshape(-1)


def half(blocks, at):
    """The f16 at byte `at` of each block, as f32 [blocks, 1]."""
    return blocks[:, at:at + 2].copy().view("<f2").astype(np.float32)


def nibbles(bytes):
    """The lower halves of [..., n] bytes, then the upper ones: [..., 2n]."""
    return np.concatenate([bytes & 15, bytes >> 4], axis=-1)


def fifth_bits(blocks, at):
    """16 or 0 for each of 32 weights, from the 4 bytes at `at`."""
    return np.unpackbits(blocks[:, at:at + 4], axis=1, bitorder="little") << 4


def q8_0(blocks):
    return blocks[:, 2:].view("i1") * half(blocks, 0)


def q4_0(blocks):
    return (nibbles(blocks[:, 2:]).astype(np.float32) - 8) * half(blocks, 0)


def q4_1(blocks):
    return nibbles(blocks[:, 4:]) * half(blocks, 0) + half(blocks, 2)


def q5_0(blocks):
    return ((nibbles(blocks[:, 6:]) | fifth_bits(blocks, 2)).astype(np.float32) - 16) * half(blocks, 0)


def q5_1(blocks):
    return (nibbles(blocks[:, 8:]) | fifth_bits(blocks, 4)) * half(blocks, 0) + half(blocks, 2)


def scales_and_minima(blocks):
    """Of the 8 groups of 32, f32 [blocks, 8, 1] each: two f16 factors, then 16 numbers of 6 bits in 12 bytes."""
    low, high, mixed = blocks[:, 4:8], blocks[:, 8:12], blocks[:, 12:16]
    scales = np.concatenate([low & 63, (mixed & 15) | (low >> 6) << 4], axis=1)
    minima = np.concatenate([high & 63, mixed >> 4 | (high >> 6) << 4], axis=1)
    return (scales * half(blocks, 0))[:, :, None], (minima * half(blocks, 2))[:, :, None]


def q4_k(blocks):
    scales, minima = scales_and_minima(blocks)
    return nibbles(blocks[:, 16:].reshape(-1, 4, 32)).reshape(-1, 8, 32) * scales - minima


def q5_k(blocks):
    scales, minima = scales_and_minima(blocks)
    # Bit g of byte i belongs to weight i of group g.
    fifth = np.stack([(blocks[:, 16:48] >> group & 1) << 4 for group in range(8)], axis=1)
    return (nibbles(blocks[:, 48:].reshape(-1, 4, 32)).reshape(-1, 8, 32) | fifth) * scales - minima


def q6_k(blocks):
    # Each half of 128 weights: 64 bytes with the lower 4 bits, 32 bytes with the upper 2 of four groups of 32.
    low = nibbles(blocks[:, :128].reshape(-1, 2, 64)).reshape(-1, 2, 4, 32)
    high = np.stack([blocks[:, 128:192].reshape(-1, 2, 32) >> 2 * group & 3 for group in range(4)], axis=2)
    scales = blocks[:, 192:208].view("i1") * half(blocks, 208)
    values = (low | high << 4).astype(np.float32) - 32
    return values.reshape(-1, 16, 16) * scales[:, :, None]


# Weights and bytes of a block, and what decodes [blocks, bytes].
BLOCKS = {
    Q4_0: (32, 18, q4_0), Q4_1: (32, 20, q4_1), Q5_0: (32, 22, q5_0), Q5_1: (32, 24, q5_1), Q8_0: (32, 34, q8_0),
    Q4_K: (256, 144, q4_k), Q5_K: (256, 176, q5_k), Q6_K: (256, 210, q6_k),
}


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
