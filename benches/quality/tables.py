"""Scores to read: systems beside each other, two sets of results, and the summaries themselves."""

from __future__ import annotations

import textwrap

from documents import Item
from intervals import interval
from metrics import METRICS, found, missed

OURS = "Précis"
# A system's metrics of one item, by system.
Scores = dict[str, dict[str, float | None]]
# The metrics that baselines are held to.
JUDGED = [metric for metric, (_, better) in METRICS.items() if better]
SHOWN = 1_200


def table(head: list[str], rows: list[list[str]], left: int) -> str:
    """A table in Markdown whose first columns are text."""
    lines = [head, ["---"] * left + ["---:"] * (len(head) - left), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def groups(items: list[Item]) -> dict[tuple[str, str], list[str]]:
    """The keys of each kind and length."""
    order = ["headline", "sentence", "short", "medium", "long"]
    made: dict[tuple[str, str], list[str]] = {}
    for item in sorted(items, key=lambda i: (i.kind, order.index(i.length))):
        made.setdefault((item.kind, item.length), []).append(item.key)
    return made


def values(scores: list[dict[str, float | None]], metric: str) -> list[float]:
    """A metric where it is known."""
    return [s[metric] for s in scores if s[metric] is not None]


def mean(scores: list[dict[str, float | None]], metric: str) -> float | None:
    """Its mean."""
    known = values(scores, metric)
    return sum(known) / len(known) if known else None


def difference(
    ours: list[dict[str, float | None]], theirs: list[dict[str, float | None]], metric: str
) -> dict[str, float] | None:
    """The mean of paired differences, and its interval."""
    pairs = [(a[metric], b[metric]) for a, b in zip(ours, theirs, strict=True)]
    known = [a - b for a, b in pairs if a is not None and b is not None]
    return interval(known) if known else None


def signed(of: dict[str, float] | None, metric: str) -> str:
    """A difference in a cell."""
    decimals = METRICS[metric][0]
    if of is None:
        return "–"
    mean, low, high = (f"{of[key]:+.{decimals}f}" for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def best_of(baselines: dict[str, list[dict[str, float | None]]], metric: str) -> str | None:
    """The baseline with the better mean."""
    means = {name: mean(scores, metric) for name, scores in baselines.items()}
    known = {name: m * METRICS[metric][1] for name, m in means.items() if m is not None}
    return max(known, key=known.__getitem__) if known else None


def systems(items: list[Item], scores: dict[str, Scores]) -> str:
    """The means of every system, and ours minus the best baseline's."""
    means: list[list[str]] = []
    differences: list[list[str]] = []
    for (kind, length), keys in groups(items).items():
        of = [scores[key] for key in keys]
        by_system = {name: [each[name] for each in of] for name in of[0]}
        for name, each in by_system.items():
            row = [kind, length, str(len(keys)), name]
            for metric, (decimals, _) in METRICS.items():
                value = mean(each, metric)
                row.append("–" if value is None else f"{value:.{decimals}f}")
            means.append(row)
        ours = by_system.pop(OURS)
        row = [kind, length]
        for metric in JUDGED:
            best = best_of(by_system, metric)
            cell = signed(difference(ours, by_system[best], metric) if best else None, metric)
            row.append(f"{cell} {best}" if best else cell)
        differences.append(row)
    # No baseline has seconds, or sentences to support.
    used = [i for i in range(len(JUDGED)) if any(row[2 + i] != "–" for row in differences)]
    differences = [row[:2] + [row[2 + i] for i in used] for row in differences]
    head = table(["kind", "length", "n", "system", *METRICS], means, 4)
    below = table(["kind", "length", *(JUDGED[i] for i in used)], differences, 2)
    return (
        f"{head}\n\nPrécis minus the better baseline of each metric, "
        f"with 95 % intervals (paired bootstrap over documents):\n\n{below}\n"
    )


def change(items: list[Item], new: dict[str, dict], old: dict[str, dict]) -> str:
    """Our metrics minus those of older results, over the items that both have."""
    both = [item for item in items if item.key in new and item.key in old]
    rows = []
    for (kind, length), keys in groups(both).items():
        row = [kind, length, str(len(keys))]
        for metric in METRICS:
            pair = [new[key] for key in keys], [old[key] for key in keys]
            row.append(signed(difference(*pair, metric), metric))
        rows.append(row)
    return table(["kind", "length", "n", *METRICS], rows, 3) + "\n" if rows else ""


def shortened(text: str) -> str:
    """The beginning of a text, on one line."""
    return textwrap.shorten(text, SHOWN, placeholder=" …")


def score_line(scores: dict[str, float | None]) -> str:
    """All known metrics of a summary."""
    return ", ".join(
        f"{metric} {scores[metric]:.{min(decimals, 2)}f}"
        for metric, (decimals, _) in METRICS.items()
        if scores[metric] is not None
    )


def summaries(items: list[Item], records: dict[str, dict], scores: dict[str, Scores]) -> str:
    """Each summary beside its references, with what it misses and what it gets wrong."""
    parts = ["# Summaries\n"]
    for _, keys in groups(items).items():
        for item in (item for key in keys for item in items if item.key == key):
            record = records[item.key]
            summary = record["summary"]
            parts.append(f"## {item.key}\n\n{score_line(scores[item.key][OURS])}\n\n{summary}\n")
            lines = [f"Reference: {shortened(reference)}" for reference in item.references]
            facts, traps = item.document.get("facts", []), item.document.get("traps", [])
            if facts:
                lines.append(f"Missed: {', '.join(missed(facts, summary)) or 'nothing'}")
            if traps:
                lines.append(f"Traps: {', '.join(found(traps, summary)) or 'none'}")
            unsupported = [p["text"] for p in record["points"] if not p.get("supported")]
            lines += [f"Not supported: {shortened(text)}" for text in unsupported]
            parts.append("\n".join(f"- {line}" for line in lines) + "\n")
    return "\n".join(parts)
