"""llama.cpp outside of the browser, for benches/browser/native.mjs: serve.py MODEL THREADS CONTEXT

Prints one line of JSON when the model is loaded, then answers each {"ids": [...], "decode": 32} on
standard input, and ends with it. Between two requests it waits for input and computes nothing.
"""

import json
import sys
from time import perf_counter, process_time

import llama_cpp as llama
import numpy as np

BATCH = 512  # as wllama's


@llama.llama_log_callback
def silent(_level, _text, _data):
    pass


def load(path, threads, context):
    llama.llama_log_set(silent, None)
    llama.llama_backend_init()
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    params = llama.llama_context_default_params()
    params.n_ctx = params.n_batch = context
    params.n_ubatch = BATCH
    params.n_threads = params.n_threads_batch = threads
    params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_ENABLED
    loaded = model and llama.llama_init_from_model(model, params)
    if not loaded:
        sys.exit(f"llama.cpp can't load {path}")
    return loaded


def measure(context, ids, decode):
    """As `measure` in src/bench.rs: the prompt with nothing in the cache, then the best tokens."""
    vocabulary = llama.llama_vocab_n_tokens(
        llama.llama_model_get_vocab(llama.llama_get_model(context))
    )

    def forward(tokens):
        array = (llama.llama_token * len(tokens))(*tokens)  # the batch only points to it
        status = llama.llama_decode(context, llama.llama_batch_get_one(array, len(tokens)))
        if status != 0:
            sys.exit(f"llama_decode ended with status {status}")
        logits = llama.llama_get_logits_ith(context, -1)  # waits for them
        return np.ctypeslib.as_array(logits, (vocabulary,))

    llama.llama_memory_clear(llama.llama_get_memory(context), True)
    started = perf_counter()
    logits = forward(ids)
    read = perf_counter()
    written = []
    for _ in range(decode):
        written.append(int(logits.argmax()))
        logits = forward(written[-1:])
    ended = perf_counter()
    return {
        "prefill_ms": (read - started) * 1000,
        "decode_ms": (ended - read) * 1000,
        "written": written,
    }


def main():
    path, threads, positions = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    context = load(path, threads, positions)
    answer({"features": llama.llama_print_system_info().decode()})
    for line in sys.stdin:
        request = json.loads(line)
        before = process_time()
        run = measure(context, request["ids"], request["decode"])
        answer({**run, "cpu_ms": (process_time() - before) * 1000})


def answer(value):
    print(json.dumps(value), flush=True)


main()
