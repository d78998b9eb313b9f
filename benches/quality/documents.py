"""The documents that `evaluate.py` reads from a folder, and the lengths of their summaries.

NAME.json or NAME.jsonl holds documents of the kind NAME: `id`, `text`, and either `refs` and
`length`, or `facts`, `headline_facts`, `traps`, `good` and `good_short`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import corpus

# Documents with facts instead of a length are scored at these.
LENGTHS = ("sentence", "short", "medium")
# The shortest of each kind that has long documents.
QUICK = 4


@dataclass
class Item:
    """A document and the length that its summary shall have."""

    kind: str
    length: str
    document: dict

    @property
    def key(self) -> str:
        """What it is called in results."""
        return f"{self.kind}/{self.document['id']}/{self.length}"

    @property
    def references(self) -> list[str]:
        """The summaries that people wrote; of facts, the good one of about this length."""
        if "refs" in self.document:
            return self.document["refs"]
        brief = self.length in ("headline", "sentence") and "good_short" in self.document
        good = self.document.get("good_short" if brief else "good")
        return [good] if good else []


def read(file: Path) -> list[dict]:
    """The documents of a file."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def kinds(folder: Path) -> dict[str, Path]:
    """The file of each kind in a folder."""
    return {f.stem: f for f in sorted(folder.iterdir()) if f.suffix in (".json", ".jsonl")}


def choose(documents: list[dict], half: str | None, quick: bool, limit: int | None) -> list[dict]:
    """Those of a half, of them the shortest, of them the first by hash."""
    if half:
        documents = [d for d in documents if corpus.half_of(d["id"]) == half]
    if quick and any("length" in d for d in documents):
        documents = sorted(documents, key=lambda d: (len(d["text"]), d["id"]))[:QUICK]
    return sorted(documents, key=lambda d: corpus.sha256(d["id"]))[:limit]


def load(
    folder: Path,
    only: list[str] | None = None,
    half: str | None = None,
    quick: bool = False,
    limit: int | None = None,
) -> list[Item]:
    """What to summarize: short documents first, so that results come early."""
    files = kinds(folder)
    unknown = set(only or []) - set(files)
    if unknown:
        raise SystemExit(
            f"no file of kind {', '.join(sorted(unknown))}; there are: {', '.join(files)}"
        )
    items = [
        Item(kind, length, document)
        for kind in only or files
        for document in choose(read(files[kind]), half, quick, limit)
        for length in ([document["length"]] if "length" in document else LENGTHS)
    ]
    return sorted(items, key=lambda item: (len(item.document["text"]), item.key))
