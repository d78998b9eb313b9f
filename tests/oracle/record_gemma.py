"""Records what llama.cpp says of the base model Gemma 3 270M, beside record.py's records of the others.

    python tests/oracle/record_gemma.py models/gemma-3-270m-q4_k_m.gguf tests/fixtures

`--seed-summary` adds what the model writes after the whole 40k-token workload: ten minutes of processor time.
"""

import argparse
import json
import time
from pathlib import Path

import llama_cpp
import numpy as np

from hard_strings import HARD_STRINGS, MORE_STRINGS
from record import (
    DOCUMENT_SHA256, PARAMETERS, encode, last_logits, model_record, open_model, prompt_records, read_article, recorded_by,
    sha256_of_ids, string_records, workload, write_json,
)

RECORD = "golden-gemma.json"
# The window of most layers is 512.
LENGTHS = (8, 300, 600, 2000)
N_CTX, SEED_N_CTX = 2304, 42496
# Of the logits, one in so many is written: the vocabulary has 262,144 entries.
EVERY = 24
# What a base model continues with a summary.
CUE = "\n\nSummary: This document"
SUMMARY_TOKENS = 48


def record(path, out, article):
    model = open_model(path, n_ctx=N_CTX)
    begin = [model.token_bos()]
    whole = begin + encode(model, workload(article))
    prompts = prompt_records(path, model, "gemma", begin + encode(model, article), LENGTHS, out, EVERY)
    write_json(out / RECORD, {
        "recorded_by": recorded_by(), "model": model_record(path), "parameters": PARAMETERS | {"n_ctx": N_CTX},
        "bos": begin[0], "logits_every": EVERY, "prompts": prompts,
        "document": {
            "sha256": DOCUMENT_SHA256, "tokens": len(whole), "ids_sha256": sha256_of_ids(whole),
            "first": whole[:16], "last": whole[-16:],
        },
        "strings": string_records(model, HARD_STRINGS + MORE_STRINGS),
    })


def record_seed_summary(path, out, article):
    """Greedy, after all of the workload but its request, in one pass: far beyond the 32,768 positions of the training."""
    document = workload(article)
    text = document[:document.rstrip().rindex("\n")].rstrip() + CUE
    model = llama_cpp.Llama(
        str(path), n_ctx=SEED_N_CTX, n_batch=512, n_ubatch=512, n_threads=2, n_threads_batch=2, n_gpu_layers=0,
        flash_attn=True, swa_full=False, verbose=False,
    )
    ids = [model.token_bos()] + encode(model, text)
    begun = time.monotonic()
    model.eval(ids)
    seconds = time.monotonic() - begun
    written, margins = [], []
    while len(written) < SUMMARY_TOKENS:
        logits = last_logits(model)
        second, best = np.sort(logits)[-2:]
        written.append(int(np.argmax(logits)))
        margins.append(round(float(best) - float(second), 5))
        model.eval(written[-1:])
    summary = {
        "parameters": {"n_ctx": SEED_N_CTX, "n_batch": 512, "n_threads": 2, "flash_attn": True, "type_k": "f16", "type_v": "f16", "rope_scaling": "none"},
        "cue": CUE, "tokens": len(ids), "ids_sha256": sha256_of_ids(ids), "ids": written, "margins": margins,
        "text": model.detokenize(written).decode("utf-8", "replace"), "prefill_seconds": round(seconds, 1),
    }
    write_json(out / RECORD, json.loads((out / RECORD).read_text()) | {"seed_summary": summary})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed-summary", action="store_true")
    arguments = parser.parse_args()
    article = read_article(arguments.out)
    if arguments.seed_summary:
        record_seed_summary(arguments.model, arguments.out, article)
    else:
        record(arguments.model, arguments.out, article)


if __name__ == "__main__":
    main()
