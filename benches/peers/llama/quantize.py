"""Writes a model with blocks of the type that llama.cpp is fastest with: quantize.py FROM TO"""

import sys

import llama_cpp as llama


@llama.llama_log_callback
def silent(_level, _text, _data):
    pass


llama.llama_log_set(silent, None)
params = llama.llama_model_quantize_default_params()
params.ftype = llama.LLAMA_FTYPE_MOSTLY_Q4_0
params.allow_requantize = True
status = llama.llama_model_quantize(sys.argv[1].encode(), sys.argv[2].encode(), params)
sys.exit(status and f"llama_model_quantize ended with status {status}")
