"""Scores the summaries of `precis summarize`, beside baselines of the same length.

    python3 benches/quality/evaluate.py --data FOLDER [--quick] [--compare OLDER/results.jsonl]
    python3 benches/quality/evaluate.py --self-check [--data FOLDER]

Sets its Python packages up by itself, under .tools/quality. A run that was broken off goes on where
it was; another program or model is another run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import corpus
from environment import MODEL, build, enter_environment

if TYPE_CHECKING:
    from metrics import Scorer

NOTES = """
n: documents. words: of our summary; baselines take sentences until they have as many. facts,
headline: share of the facts, and of those that a headline needs, that the summary mentions. trap:
share of summaries with a mistake that the document invites. ROUGE (F1, stemmed) and similarity
(cosine of all-MiniLM-L6-v2, which knows English best and reads 256 tokens): with the reference, or
the mean over references where there are several. copied: share of words in runs of eight or more
that the document has verbatim. supported: share of sentences that the program says the document
supports. seconds: wall time of a run, loading included.
"""


def arguments() -> argparse.Namespace:
    """What the command was told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, help="folder with documents: KIND.json, KIND.jsonl")
    add("--program", type=Path, help="the command line; built if this isn't given")
    add("--model", type=Path, default=MODEL, help="the GGUF file that it reads with")
    add("--kind", type=lambda text: text.split(","), help="only these, with commas between them")
    add("--half", choices=["tune", "held-out"], help="only this half of each kind")
    add("--quick", action="store_true", help="only the four shortest of kinds of long documents")
    add("--limit", type=int, help="only so many documents of each kind")
    add("--out", type=Path, default=corpus.DATA / "evaluate", help="folder for the results")
    add("--compare", type=Path, help="an older results.jsonl, or its folder")
    add("--self-check", action="store_true", help="check this program instead, without a model")
    given = parser.parse_args()
    if given.data is None and not given.self_check:
        parser.error("--data is missing: a folder with documents")
    for path in (given.data, given.program, given.compare):
        if path and not path.exists():
            parser.error(f"{path}: no such file or folder")
    if given.model != MODEL and not given.model.exists():
        parser.error(f"{given.model}: no such file")
    return given


def evaluate(given: argparse.Namespace, scorer: Scorer | None = None) -> int:
    """Runs, scores and writes; how many runs failed."""
    import documents
    import runs
    import tables
    from equal_length import BASELINES
    from metrics import Scorer
    from sentences import words

    items = documents.load(given.data, given.kind, given.half, given.quick, given.limit)
    program = given.program.resolve() if given.program else build()
    given.out.mkdir(parents=True, exist_ok=True)
    results = given.out / "results.jsonl"
    # Read before a run adds to it: it may be the same file.
    older = {}
    if given.compare:
        file = given.compare / "results.jsonl" if given.compare.is_dir() else given.compare
        same = file.resolve() == results.resolve()
        build_now = runs.build_of(program, given.model)
        others = [r for r in runs.read(file) if r["build"] != build_now or not same]
        older = runs.latest(others, items)
    records, failed = runs.run_all(program, given.model, items, results)
    items = [item for item in items if item.key in records]
    if not items:
        raise SystemExit("no summary to score")

    scorer = scorer or Scorer()
    scores = {}
    for item in items:
        record, text = records[item.key], item.document["text"]
        target = len(words(record["summary"]))
        scores[item.key] = {tables.OURS: scorer.record(item, record)}
        for name, baseline in BASELINES.items():
            scores[item.key][name] = scorer(item, baseline(text, target))
    shown = tables.systems(items, scores)
    if given.compare:
        now = {key: of[tables.OURS] for key, of in scores.items()}
        before = {i.key: scorer.record(i, older[i.key]) for i in items if i.key in older}
        changed = tables.change(items, now, before)
        shown += "\nThese results minus the older ones, with 95 % intervals:\n\n"
        shown += changed or "No document is in both.\n"
    if failed:
        lines = "\n".join(f"- {key}: {why}" for key, why in failed.items())
        shown += f"\n{len(failed)} runs failed and are left out:\n\n{lines}\n"
    (given.out / "table.md").write_text(f"{shown}{NOTES}", encoding="utf-8")
    read = tables.summaries(items, records, scores)
    (given.out / "summaries.md").write_text(read, encoding="utf-8")
    print(f"{shown}\nAll summaries: {given.out / 'summaries.md'}")
    return len(failed)


def main() -> None:
    """Checks itself or evaluates."""
    given = arguments()
    enter_environment()
    if given.self_check:
        import self_check

        self_check.run(given.data)
    elif evaluate(given):
        sys.exit(1)


if __name__ == "__main__":
    main()
