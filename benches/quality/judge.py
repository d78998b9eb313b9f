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

# Ridge penalty, chosen by cross-validation among 3,000, 5,000 and 10,000.
PENALTY = 3000

# Each document counts as one of so many sentences.
SENTENCES = 40


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
        inputs = np.array(line["states"])
        wanted = np.array(labels(document, line["text"].encode(), line["at"]))
        if wanted.std() == 0:
            continue
        mean = inputs.mean(0)
        samples.append((inputs - mean, (wanted - wanted.mean()) / wanted.std(), mean))
    scale = np.concatenate([inputs for inputs, _, _ in samples]).std(0) + 1e-6

    def fit(some: list) -> np.ndarray:
        products, right = PENALTY * np.eye(len(scale)), np.zeros(len(scale))
        for inputs, wanted, _ in some:
            x, weight = inputs / scale, SENTENCES / len(wanted)
            products += weight * x.T @ x
            right += weight * x.T @ wanted
        return np.linalg.solve(products, right) / scale

    order = np.random.RandomState(0).permutation(len(samples))
    areas = []
    for fold in range(FOLDS):
        others = [samples[i] for i in order[fold::FOLDS]]
        weights = fit([samples[i] for j, i in enumerate(order) if j % FOLDS != fold])
        areas += [area(inputs @ weights, wanted) for inputs, wanted, _ in others]
    sentences = sum(len(wanted) for _, wanted, _ in samples)
    print(f"{len(samples)} documents, {sentences} sentences")
    print(f"area under the ROC curve within an unseen document: {np.mean(areas):.3f}")
    weights = fit(samples)
    constant = -weights @ np.mean([mean for _, _, mean in samples], 0)
    values = np.array([constant, *weights], dtype="<f4")
    (WEIGHTS / f"{model}.f32").write_bytes(values.tobytes())


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
