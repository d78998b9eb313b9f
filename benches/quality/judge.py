"""Trains the probe that judges sentences by a model's states (src/summarize/judge.rs).

    python3 benches/quality/judge.py [MODEL [MORE.json ...]]
    python3 benches/quality/judge.py --unseen [MODEL]

MODEL is smollm2-135m-instruct, if it isn't given, or another of MODELS below. `cargo xtask model fetch`
brings their files to models/. A model that is added there is also added to JUDGES in judge.rs, with the
fingerprint that this prints.
The documents are those of documents/: in marked*.json the sentences of the best extract are marked with
weights, in written.json a sentence counts by the facts that it says. MORE.json has either form. Takes
ten minutes on two cores or, with the largest model, more than an hour. Prints how well unseen documents
are judged, by cross-validation. With --unseen nothing is trained: `precis summarize` summarizes the
documents of documents/unseen.json, which nothing was trained on, and never should be, and this prints how
much of what is marked in them the summaries have.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from corpus import ROOT
from environment import build, enter_environment

DOCUMENTS = Path(__file__).parent / "documents"
WEIGHTS = ROOT / "src/summarize/judge"

# Each with its file and the layer whose states are looked at.
MODELS = {
    "smollm2-135m-instruct": ("SmolLM2-135M-Instruct.Q4_1.gguf", 18),
    "qwen2.5-coder-0.5b-instruct": ("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", 13),
    "qwen2.5-coder-1.5b-instruct": ("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", 15),
}

FOLDS = 6

# Hidden units, and how they are fitted. By cross-validation 16 and 64 units, 12 and 30 passes, and twice the
# decay and the dropout judge as well; no hidden units, as until here, judge worse (benches/README.md).
HIDDEN = 32
PASSES = 20
BATCH = 256
RATE = 1e-3
DECAY = 0.05
DROPOUT = {"inputs": 0.1, "hidden": 0.3}


def states(model: str, documents: list[dict]) -> list[dict]:
    """Where the sentences of documents begin, and the model's states at their ends."""
    file, layer = MODELS[model]
    with tempfile.TemporaryDirectory() as folder:
        inputs, out = Path(folder, "documents.json"), Path(folder, "states.jsonl")
        inputs.write_text(json.dumps(documents), encoding="utf-8")
        command = ["cargo", "test", "--release", "--test", "native", "judge::", "--", "--ignored"]
        command.append("--nocapture")
        variables = {
            "PRECIS_MODEL": str(ROOT / "models" / file),
            "PRECIS_LAYER": str(layer),
            "PRECIS_DOCUMENTS": str(inputs),
            "PRECIS_STATES": str(out),
        }
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **variables})
        return [json.loads(line) for line in out.open(encoding="utf-8")]


def labels(document: dict, text: bytes, starts: list[int]) -> list[float]:
    """How much each sentence of the text, as it was read, belongs in a summary."""
    ends = [*starts[1:], len(text)]
    if "key" in document:
        worth = [0.0] * len(starts)
        for key in document["key"]:
            # Without the mark of a list.
            at = text.find(key["sentence"].lstrip("-*•0123456789.) ").encode())
            index = max((i for i, start in enumerate(starts) if start <= at), default=None)
            if index is not None and at < ends[index]:
                worth[index] = max(worth[index], float(key["weight"]))
        return worth
    flags = re.IGNORECASE | re.DOTALL
    facts = {fact["name"]: [re.compile(p, flags) for p in fact["any"]] for fact in document["facts"]}
    counts = {name: 2 if name in document["headline_facts"] else 1 for name in facts}
    worth = []
    for start, end in zip(starts, ends):
        sentence = " ".join(text[start:end].decode(errors="ignore").split())
        said = [name for name, ways in facts.items() if any(way.search(sentence) for way in ways)]
        worth.append(float(sum(counts[name] for name in said)))
    return worth


def train(model: str, paths: list[str]) -> None:
    """Fits the weights and writes them."""
    import numpy as np

    documents = []
    marked = [DOCUMENTS / f"marked{part}.json" for part in ("", "-2", "-3", "-4")]
    for path in [*marked, DOCUMENTS / "written.json", *paths]:
        documents += json.loads(Path(path).read_text(encoding="utf-8"))
    texts = [{key: document[key] for key in ("id", "text")} for document in documents]
    read = {line["id"]: line for line in states(model, texts)}
    samples = []
    for document in documents:
        line = read[document["id"]]
        if len(line["at"]) < 4:
            continue
        wanted = np.array(labels(document, line["text"].encode(), line["at"]))
        if wanted.std() == 0:
            continue
        wanted = (wanted - wanted.mean()) / wanted.std()
        samples.append((np.array(line["states"], dtype=np.float32), wanted.astype(np.float32)))

    order = np.random.RandomState(0).permutation(len(samples))
    areas = []
    for fold in range(FOLDS):
        others = [samples[i] for i in order[fold::FOLDS]]
        probe = fit([samples[i] for j, i in enumerate(order) if j % FOLDS != fold])
        areas += [area(judged(probe, inputs), wanted) for inputs, wanted in others]
    sentences = sum(len(wanted) for _, wanted in samples)
    print(f"{len(samples)} documents, {sentences} sentences")
    print(f"area under the ROC curve within an unseen document: {np.mean(areas):.3f}")
    write(model, fit(samples))


def fit(samples: list) -> dict:
    """A probe with one hidden layer of rectified linear units, fitted with AdamW (arXiv:1711.05101) and
    dropout to the squared error. Each document counts the same."""
    import numpy as np

    inputs = np.concatenate([inputs for inputs, _ in samples])
    wanted = np.concatenate([wanted for _, wanted in samples])
    counts = np.concatenate([np.full(len(wanted), 1 / len(wanted)) for _, wanted in samples])
    counts = (counts / counts.mean()).astype(np.float32)
    mean, scale = inputs.mean(0), inputs.std(0) + 1e-6
    inputs = (inputs - mean) / scale

    random = np.random.RandomState(0)
    width = len(mean)
    weights = [
        random.randn(width, HIDDEN) / np.sqrt(width),
        np.zeros(HIDDEN),
        random.randn(HIDDEN) / np.sqrt(HIDDEN) / 10,
    ]
    weights = [array.astype(np.float32) for array in weights]
    means = [np.zeros_like(array) for array in weights]
    squares = [np.zeros_like(array) for array in weights]

    def dropped(array, share: float):
        return array * (random.rand(*array.shape) > share).astype(np.float32) / (1 - share)

    step = 0
    for number in range(PASSES):
        rate = RATE * (1 + np.cos(np.pi * number / PASSES)) / 2
        shuffled = random.permutation(len(wanted))
        for start in range(0, len(wanted), BATCH):
            batch = shuffled[start : start + BATCH]
            x = dropped(inputs[batch], DROPOUT["inputs"])
            sums = x @ weights[0] + weights[1]
            hidden = dropped(np.maximum(sums, 0), DROPOUT["hidden"])
            error = counts[batch] * (hidden @ weights[2] - wanted[batch]) / len(batch)
            # What was dropped or not positive is 0, and passes nothing back.
            back = np.outer(error, weights[2]) * (hidden > 0) / (1 - DROPOUT["hidden"])
            step += 1
            gradients = x.T @ back, back.sum(0), hidden.T @ error
            for array, mean1, mean2, gradient in zip(weights, means, squares, gradients):
                mean1 += 0.1 * (gradient - mean1)
                mean2 += 0.001 * (gradient**2 - mean2)
                first, second = mean1 / (1 - 0.9**step), mean2 / (1 - 0.999**step)
                array -= rate * (first / (np.sqrt(second) + 1e-8) + DECAY * array)
    return {"mean": mean, "scale": scale, "weights": weights}


def judged(probe: dict, inputs):
    """What sentences are worth, by their states."""
    import numpy as np

    to_hidden, constants, to_worth = probe["weights"]
    return np.maximum((inputs - probe["mean"]) / probe["scale"] @ to_hidden + constants, 0) @ to_worth


def write(model: str, probe: dict) -> None:
    """As `Judge` reads it: 32-bit floats, then the weights of each number of a state as 16-bit floats."""
    to_hidden, constants, to_worth = probe["weights"]
    floats = [probe["mean"], 1 / probe["scale"], constants, to_worth]
    parts = [part.astype("<f4").tobytes() for part in floats] + [to_hidden.astype("<f2").tobytes()]
    (WEIGHTS / f"{model}.probe").write_bytes(b"".join(parts))


def print_shares(model: str) -> None:
    """How much of what is marked three quoted sentences have, of the most that three can have."""
    documents = json.loads((DOCUMENTS / "unseen.json").read_text(encoding="utf-8"))

    def plain(text: str) -> str:
        return " ".join(re.findall(r"\w+", text.lower()))

    with tempfile.TemporaryDirectory() as folder:
        for document in documents:
            Path(folder, f"{document['id']}.txt").write_text(document["text"], encoding="utf-8")
        command = [str(build()), "summarize", folder, "--length", "short", "--json", "--model"]
        command.append(str(ROOT / "models" / MODELS[model][0]))
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    reports = {Path(line["file"]).stem: line for line in map(json.loads, output.splitlines())}
    shares, mains = [], []
    for document in documents:
        summary = plain(reports[document["id"]].get("summary", ""))
        said = [k["weight"] for k in document["key"] if plain(k["sentence"])[:50] in summary]
        best = sorted((k["weight"] for k in document["key"]), reverse=True)[:3]
        shares.append(sum(said) / sum(best))
        mains.append(max(best) in said)
    count = len(documents)
    print(f"{count} unseen documents, three sentences: {sum(shares) / count:.0%} of the best weight;")
    print(f"{sum(mains)} summaries have a main sentence")


def area(found, wanted) -> float:
    """How often a sentence that is wanted is judged above one that is not."""
    good, bad = found[wanted > wanted.min()], found[wanted == wanted.min()]
    return float((good[:, None] > bad[None, :]).mean())


if __name__ == "__main__":
    enter_environment()
    words = [word for word in sys.argv[1:] if word != "--unseen"]
    name, *more = words or ["smollm2-135m-instruct"]
    if name not in MODELS:
        raise SystemExit(f"{name} is none of {', '.join(MODELS)}")
    if "--unseen" in sys.argv:
        print_shares(name)
    else:
        train(name, more)
