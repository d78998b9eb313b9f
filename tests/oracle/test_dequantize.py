"""Holds `decode` to ggml's own functions, on random weights that ggml quantizes.

    python tests/oracle/test_dequantize.py
"""

import ctypes
from pathlib import Path

import llama_cpp
import numpy as np

import dequantize

ROWS, COLUMNS = 64, 1024
NAMES = {
    dequantize.Q4_0: "dequantize_row_q4_0", dequantize.Q4_1: "dequantize_row_q4_1", dequantize.Q5_0: "dequantize_row_q5_0",
    dequantize.Q5_1: "dequantize_row_q5_1", dequantize.Q8_0: "dequantize_row_q8_0", dequantize.Q4_K: "dequantize_row_q4_K",
    dequantize.Q5_K: "dequantize_row_q5_K", dequantize.Q6_K: "dequantize_row_q6_K",
    dequantize.F16: "ggml_fp16_to_fp32_row", dequantize.BF16: "ggml_bf16_to_fp32_row",
}


def main():
    ggml = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib/libggml-base.so"))
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    random = np.random.default_rng(1)
    weights = (random.standard_normal((ROWS, COLUMNS)) + 0.1).astype(np.float32)
    pointer = lambda array: array.ctypes.data_as(ctypes.c_void_p)
    for kind, name in NAMES.items():
        raw, want = np.zeros(4 * weights.size, np.uint8), np.zeros(weights.size, np.float32)
        size = ggml.ggml_quantize_chunk(
            ctypes.c_int(kind), pointer(weights), pointer(raw), ctypes.c_int64(0), ctypes.c_int64(ROWS), ctypes.c_int64(COLUMNS), None)
        getattr(ggml, name)(pointer(raw), pointer(want), ctypes.c_int64(weights.size))
        got = dequantize.decode(kind, raw[:size], weights.size)
        # ggml may fuse a product and a sum, which is one rounding less.
        error = np.abs(got - want).max()
        assert error <= 1e-6, f"{name}: {error}"
        assert np.abs(want - weights.reshape(-1)).max() < 0.5, f"{name}: not what was quantized"
        print(f"{name}: {size} bytes, largest difference {error:.1e}")


if __name__ == "__main__":
    main()
