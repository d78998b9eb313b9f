"""Writes the model as transformers.js loads it, in its format q8: export.py FROM TO

TO is FOLDER/onnx/model_quantized.onnx, and FOLDER is what transformers.js takes.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.tools.onnx_model_utils import make_dim_param_fixed
from transformers import AutoTokenizer, LlamaForCausalLM


def decode(gguf, folder):
    """The model with its weights in f32, as the builder reads it."""
    model = LlamaForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # It has f32 weights, but would refuse to be saved for what it was loaded from.
    model.hf_quantizer = None
    del model.config.quantization_config
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
    return model.config


def build(folder, built, cache):
    """The graph with the operators that ONNX Runtime has for such models, in f32."""
    arguments = ["-i", folder, "-o", built, "-p", "fp32", "-e", "cpu", "-c", cache]
    # Only the last token's logits are computed, as in the other systems.
    extra = ["--extra_options", "prune_lm_head=true"]
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
    subprocess.run([*builder, *arguments, *extra], check=True)
    return onnx.load(built / "model.onnx")


def main():
    source, target = map(Path, sys.argv[1:])
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as scratch:
        decoded, built, cache = (Path(scratch) / name for name in ("decoded", "built", "cache"))
        config = decode(source, decoded)
        model = build(decoded, built, cache)
    config.to_json_file(target.parents[1] / "config.json")
    # transformers.js makes the empty cache from the shapes in the model.
    make_dim_param_fixed(model.graph, "kv_cache_dim", config.head_dim)
    # As its own scripts/quantize.py does for a model with GroupQueryAttention.
    quantize_dynamic(model, target, weight_type=QuantType.QUInt8)


main()
