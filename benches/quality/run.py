"""Compares the summaries of `precis summarize` with the authors' own, and with simple baselines.

    python3 benches/quality/run.py [--half tune|held-out] [--limit N] [--out FILE.json]

Sets everything up by itself: packages of Python and Debian under .tools/quality, the command line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import corpus
from environment import MODEL, build, enter_environment

OURS = "Précis"
METRICS = ("similarity", "ROUGE-L")
SHOWN = 10


def summarize(program: Path, document: corpus.Document) -> tuple[str, int]:
    """Our summary, and how many tokens the document has."""
    file = corpus.DATA / "document.txt"
    file.write_text(document.text)
    command = [
        program,
        "summarize",
        file,
        "--json",
        "--fresh",
        "--backend",
        "cpu",
        "--model",
        MODEL,
    ]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return report["summary"], report["document"]["tokens"]


def summaries_of(documents: list[corpus.Document]) -> list[dict]:
    """Every system's summary of every document."""
    import baselines

    program = build()
    records = []
    for done, document in enumerate(documents, 1):
        ours, tokens = summarize(program, document)
        systems = {name: system(document.text) for name, system in baselines.BASELINES.items()}
        print(
            f"{done}/{len(documents)} {document.name}, {tokens} tokens: {ours}",
            file=sys.stderr,
        )
        records.append(
            {
                "document": document.name,
                "tokens": tokens,
                "reference": document.reference,
                "summaries": {OURS: ours, **systems},
            }
        )
    return records


def add_scores(records: list[dict]) -> None:
    """Both metrics of every summary."""
    from embedding import Embedder
    from rouge_score.rouge_scorer import RougeScorer

    embed = Embedder()
    rouge = RougeScorer(["rougeL"], use_stemmer=True)
    for record in records:
        reference = record["reference"]
        target = embed(reference)
        record["scores"] = {
            name: {
                METRICS[0]: float(embed(text) @ target) if text.strip() else 0.0,
                METRICS[1]: rouge.score(reference, text)["rougeL"].fmeasure,
            }
            for name, text in record["summaries"].items()
        }


def compare(records: list[dict]) -> dict[str, dict]:
    """Each system's means, and ours minus each baseline's over the same documents."""
    from intervals import interval

    systems = list(records[0]["summaries"])
    table: dict[str, dict] = {}
    for system in systems:
        table[system] = {
            "words": sum(len(r["summaries"][system].split()) for r in records) / len(records)
        }
        for metric in METRICS:
            values = [r["scores"][system][metric] for r in records]
            ours = [r["scores"][OURS][metric] for r in records]
            differences = [a - b for a, b in zip(ours, values)]
            table[system][metric] = {
                "is": interval(values),
                "ours minus it": interval(differences),
            }
    return table


def markdown(table: dict[str, dict], title: str) -> str:
    """The comparison to read."""

    def cell(of: dict[str, float], sign: str = "") -> str:
        return f"{of['mean']:{sign}.3f} [{of['low']:{sign}.3f}, {of['high']:{sign}.3f}]"

    head = [
        "system",
        "words",
        *METRICS,
        *(f"Précis minus it, {metric}" for metric in METRICS),
    ]
    rows = [
        f"{title}\n",
        "| " + " | ".join(head) + " |",
        "|---" + "|---:" * (len(head) - 1) + "|",
    ]
    for system, of in table.items():
        cells = [
            system,
            f"{of['words']:.1f}",
            *(cell(of[metric]["is"]) for metric in METRICS),
        ]
        for metric in METRICS:
            cells.append("" if system == OURS else cell(of[metric]["ours minus it"], "+"))
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def beside(records: list[dict]) -> str:
    """Some of our summaries beside their references, for a reader to judge: chosen by nobody."""
    chosen = sorted(records, key=lambda record: record["document"])
    chosen = chosen[:: max(1, len(chosen) // SHOWN)][:SHOWN]
    lines = ["| document | its author | Précis |", "|---|---|---|"]
    for record in chosen:
        cells = [record["document"], record["reference"].strip(), record["summaries"][OURS]]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """What the command was told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", choices=["tune", "held-out"], default="tune")
    parser.add_argument("--limit", type=int, help="only so many documents, of all lengths")
    parser.add_argument("--out", type=Path, help="where to write summaries and scores as JSON")
    return parser.parse_args()


def main() -> None:
    """Runs the comparison."""
    given = arguments()
    enter_environment()
    documents = corpus.load(given.half)
    if given.limit:
        # By hash: the lock's order is that of packages.
        documents = sorted(documents, key=lambda d: d.sha256)[: given.limit]
    records = summaries_of(documents)
    add_scores(records)
    table = compare(records)
    out = given.out or corpus.DATA / f"{given.half}.json"
    out.write_text(
        json.dumps(
            {"half": given.half, "table": table, "documents": records},
            indent=1,
            ensure_ascii=False,
        )
    )
    print(markdown(table, f"{len(records)} documents of the half {given.half!r}:"))
    print(f"\n{beside(records)}\n\nAll of them: {out}")


if __name__ == "__main__":
    main()
