"""Records what llama.cpp says, so that the tests can hold this project's engine to it.

    python tests/oracle/record.py models/SmolLM2-135M-Instruct.Q4_1.gguf tests/fixtures

The folder must hold article.md and the tiny models (`cargo xtask fixture`). tests/fixtures/README.md describes what is
written. `--only` records parts: the real model, its pieces, or tiny models by name. Install
tests/oracle/requirements.txt first.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import llama_cpp
import numpy as np
from llama_cpp import llama_chat_format

from dequantize import dequantize
from hard_strings import HARD_STRINGS, MORE_STRINGS

DOCUMENT_SHA256 = "d21950e9cb1b8e6292a4bad0e287ca59d1c7af11c661c5de561080fa179b8982"
GREEDY_TOKENS = 32
# Prompt lengths by tiny model; tiny-gemma3's window is 24.
TINY = {"tiny": (8, 200), "tiny-gemma3": (8, 24, 25, 200), "tiny-qwen2": (8, 200), "tiny-qwen3": (8, 200), "tiny-llama3": (8, 200)}
CHAT_MESSAGE = "Hello, world"
# Flash attention off, f32 keys and values, no accelerator: as near to the plain arithmetic as llama.cpp offers.
PARAMETERS = {"n_batch": 512, "n_ubatch": 512, "n_threads": 2, "flash_attn": False, "type_k": "f32", "type_v": "f32", "n_gpu_layers": 0}
GGML_TYPE_F32 = 0


def open_model(path, n_ctx):
    return llama_cpp.Llama(
        str(path), n_ctx=n_ctx, n_batch=512, n_ubatch=512, n_threads=2, n_threads_batch=2, n_gpu_layers=0,
        flash_attn=False, type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32, verbose=False,
    )


def encode(model, text, special=False):
    """The ids of `text` without a beginning-of-sequence token. Unless `special`, look-alikes of control tokens are text."""
    return model.tokenize(text.encode("utf-8"), add_bos=False, special=special)


def sha256_of_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_ids(ids):
    """Of the ids as little-endian u32."""
    return hashlib.sha256(np.asarray(ids, dtype="<u4").tobytes()).hexdigest()


def last_logits(model):
    """f32 [vocabulary], of the last position evaluated."""
    pointer = llama_cpp.llama_get_logits_ith(model._ctx.ctx, -1)
    return np.ctypeslib.as_array(pointer, shape=(model.n_vocab(),)).astype(np.float32, copy=True)


def run_prompt(model, ids):
    """Logits after `ids`; then greedy ids (no penalty, not stopped by an end token) with the lead of the best over the second."""
    model.reset()
    model.eval(ids)
    first = last_logits(model)
    greedy, margins, logits = [], [], first
    for step in range(GREEDY_TOKENS):
        second, best = np.sort(logits)[-2:]
        greedy.append(int(np.argmax(logits)))
        margins.append(round(float(best) - float(second), 5))
        if step + 1 < GREEDY_TOKENS:
            model.eval([greedy[-1]])
            logits = last_logits(model)
    return first, greedy, margins


def run_record(model, name, ids, out, every):
    logits, greedy, margins = run_prompt(model, ids)
    file = out / f"{name}.logits.f16"
    logits[::every].astype("<f2").tofile(file)
    record = {
        "logits": file.name, "top": [[int(i), round(float(logits[i]), 5)] for i in np.argsort(-logits)[:8]],
        "greedy": greedy, "margins": margins,
    }
    return logits, record


def prompt_records(path, model, prefix, ids, lengths, out, every=1):
    """Each prompt twice: on the file as it is, where llama.cpp rounds activations to 8 bits in blocks of 32, and on its
    weights decoded to f32, where it rounds nothing. The distance between the two is what that rounding costs, and
    thereby the yardstick for an engine that rounds in its own way. Of the logits, every so manieth is written."""
    records, quantized = [], []
    for n in lengths:
        logits, record = run_record(model, f"{prefix}-{n}", ids[:n], out, every)
        quantized.append(logits)
        records.append({"name": f"{prefix}-{n}", "tokens": n, "ids": ids[:n] if n <= 300 else None, "ids_sha256": sha256_of_ids(ids[:n]), "quantized": record})
    with tempfile.TemporaryDirectory() as folder:
        dequantize(path, Path(folder) / "f32.gguf")
        exact_model = open_model(Path(folder) / "f32.gguf", model.n_ctx())
        for n, record, other in zip(lengths, records, quantized):
            exact, record["exact"] = run_record(exact_model, f"{prefix}-{n}-exact", ids[:n], out, every)
            error = (other - exact).astype(np.float64)
            record["rounding"] = {
                "nmse": float(f"{(error ** 2).sum() / (exact.astype(np.float64) ** 2).sum():.4g}"),
                "max_abs": float(f"{np.abs(error).max():.4g}"),
            }
    return records


def record_pieces(path, out, article):
    """Logits after each of the article's first 60 pieces of 32 tokens, with and without rounding: many positions, since
    what rounding does to one is a matter of luck. Every 24th entry of the vocabulary stands for all."""
    def record(path, name):
        model = open_model(path, n_ctx=2048)
        ids, rows = encode(model, article), []
        for first in range(0, 60 * 32, 32):
            model.eval(ids[first:first + 32])
            rows.append(last_logits(model)[::24])
        np.asarray(rows).astype("<f2").tofile(out / f"{name}.logits.f16")

    record(path, "article-pieces")
    with tempfile.TemporaryDirectory() as folder:
        dequantize(path, Path(folder) / "f32.gguf")
        record(Path(folder) / "f32.gguf", "article-pieces-exact")


def recorded_by():
    info = llama_cpp.llama_print_system_info().decode()
    return {
        "llama_cpp_python": llama_cpp.__version__, "llama_cpp": llama_cpp_version(),
        "numpy": np.__version__, "system_info": info.strip(" |"),
    }


def llama_cpp_version():
    """The version and, where the package's CMake files say it, the commit."""
    version = llama_cpp.llama_version().decode()
    config = Path(llama_cpp.__file__).parent.parent / "lib/cmake/llama/llama-config.cmake"
    if config.exists():
        for line in config.read_text().splitlines():
            if "LLAMA_BUILD_COMMIT" in line:
                return f"{version} ({line.split()[-1].rstrip(')')})"
    return version


def model_record(path):
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256_of_file(path)}


def chat_record(model):
    """None where the file has no chat template."""
    if (template := model.metadata.get("tokenizer.chat_template")) is None:
        return None
    token = lambda id: llama_cpp.llama_vocab_get_text(model._model.vocab, id).decode()
    formatter = llama_chat_format.Jinja2ChatFormatter(
        template=template, eos_token=token(model.token_eos()), bos_token=token(model.token_bos()), add_generation_prompt=True)
    text = formatter(messages=[{"role": "user", "content": CHAT_MESSAGE}]).prompt
    return {"message": CHAT_MESSAGE, "text": text, "ids": encode(model, text, special=True)}


def string_records(model, strings=HARD_STRINGS):
    return [{"text": text, "ids": encode(model, text)} for text in strings]


def read_article(folder):
    return (folder / "article.md").read_bytes().decode("utf-8")


def workload(article):
    """The 40k-token document: the article eight times, then the question. Byte for byte, or the run ends here."""
    iterations = "".join(f"## Iteration {i} of 8\n\n{article}\n\n" for i in range(1, 9))
    question = "Based on all the above content, provide a brief one-sentence summary.\n"
    document = f"# 40K Token Benchmark Prompt\n\n{iterations}{question}"
    if (found := hashlib.sha256(document.encode("utf-8")).hexdigest()) != DOCUMENT_SHA256:
        sys.exit(f"article.md makes a document with sha256 {found}, not {DOCUMENT_SHA256}")
    return document


def record_model(path, out, article):
    provenance = {"recorded_by": recorded_by(), "model": model_record(path)}
    model = open_model(path, n_ctx=2304)
    whole = encode(model, workload(article))
    write_json(out / "tokenizer.json", provenance | {
        "strings": string_records(model),
        "document": {
            "sha256": DOCUMENT_SHA256, "tokens": len(whole), "ids_sha256": sha256_of_ids(whole),
            "first": whole[:16], "last": whole[-16:],
        },
    })
    ids = encode(model, article)
    prompts = prompt_records(path, model, "article", ids, (8, 300, 2000), out)
    write_json(out / "golden.json", provenance | {
        "parameters": PARAMETERS | {"n_ctx": 2304}, "prompts": prompts, "chat": chat_record(model),
    })


def record_tiny(name, out, article):
    path = out / f"{name}.gguf"
    model = open_model(path, n_ctx=512)
    # Gemma's prompts begin with <bos>; the others' don't.
    begin = [model.token_bos()] if model.metadata.get("tokenizer.ggml.add_bos_token") == "true" else []
    prompts = prompt_records(path, model, name, begin + encode(model, article), TINY[name], out)
    record = {
        "recorded_by": recorded_by(), "model": model_record(path), "parameters": PARAMETERS | {"n_ctx": 512},
        "prompts": prompts,
    }
    if begin:
        record["bos"] = begin[0]
    if chat := chat_record(model):
        record["chat"] = chat
    strings = HARD_STRINGS if name == "tiny" else HARD_STRINGS + MORE_STRINGS
    write_json(out / f"golden-{name}.json", record | {"strings": string_records(model, strings)})


def write_json(path, value):
    """One line for each member of the longer lists, so that a change shows as a small difference."""
    def block(value, indent):
        if isinstance(value, dict):
            rows = [f"{json.dumps(k)}: {block(v, indent + 1)}" for k, v in value.items()]
            opening, closing = "{}"
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            rows, (opening, closing) = [json.dumps(v) if "quantized" not in v else block(v, indent + 1) for v in value], "[]"
        else:
            return json.dumps(value)
        pad = "\n" + "  " * (indent + 1)
        return opening + pad + ("," + pad).join(rows) + "\n" + "  " * indent + closing
    path.write_text(block(value, 0) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", choices=("model", "pieces", *TINY), default=("model", "pieces", *TINY))
    arguments = parser.parse_args()
    article = read_article(arguments.out)
    if "model" in arguments.only:
        record_model(arguments.model, arguments.out, article)
    if "pieces" in arguments.only:
        record_pieces(arguments.model, arguments.out, article)
    for name in TINY:
        if name in arguments.only:
            record_tiny(name, arguments.out, article)


if __name__ == "__main__":
    main()
