"""How good a summary is, in numbers. A metric that a document has no data for is None."""

from __future__ import annotations

import re

import numpy as np

from documents import Item
from sentences import pieces, words

# Words in a row that a summary shares with its document for them to count as copied.
RUN = 8

# Name, decimals, and whether more (1) or less (-1) is better (0: neither).
METRICS = {
    "words": (1, 0),
    "facts": (3, 1),
    "headline": (3, 1),
    "trap": (3, -1),
    "ROUGE-1": (3, 1),
    "ROUGE-2": (3, 1),
    "ROUGE-L": (3, 1),
    "similarity": (3, 1),
    "copied": (3, 0),
    "supported": (3, 1),
    "seconds": (1, -1),
    "prefill tokens": (0, 0),
}


def found(patterns: list[dict], text: str) -> list[str]:
    """The names of the patterns that match somewhere."""
    return [p["name"] for p in patterns if any(re.search(a, text, re.I) for a in p["any"])]


def missed(patterns: list[dict], text: str) -> list[str]:
    """The names of those that don't."""
    matched = found(patterns, text)
    return [p["name"] for p in patterns if p["name"] not in matched]


def share(part: int, whole: int) -> float | None:
    """A share, if it is of anything."""
    return part / whole if whole else None


def copied(summary: str, document: str) -> float | None:
    """The share of the summary's words in runs of eight or more that the document has."""
    ours, theirs = pieces(summary), pieces(document)
    runs = {tuple(theirs[i : i + RUN]) for i in range(len(theirs) - RUN + 1)}
    marked = set()
    for i in range(len(ours) - RUN + 1):
        if tuple(ours[i : i + RUN]) in runs:
            marked.update(range(i, i + RUN))
    return share(len(marked), len(ours))


class AnyWords:
    """A tokenizer for languages other than English: rouge-score's own drops their letters."""

    def tokenize(self, text: str) -> list[str]:
        """Words of any script, not stemmed."""
        return words(text)


class Scorer:
    """All metrics of summaries. Means over references, where there are several."""

    def __init__(self) -> None:
        from embedding import Embedder
        from rouge_score.rouge_scorer import RougeScorer

        kinds = ["rouge1", "rouge2", "rougeL"]
        self.english = RougeScorer(kinds, use_stemmer=True)
        self.other = RougeScorer(kinds, tokenizer=AnyWords())
        self.embed = Embedder()
        self.embeddings: dict[str, np.ndarray] = {}

    def embedding(self, text: str) -> np.ndarray:
        """A text's embedding, computed once."""
        if text not in self.embeddings:
            self.embeddings[text] = self.embed(text)
        return self.embeddings[text]

    def __call__(self, item: Item, summary: str) -> dict[str, float | None]:
        """What can be said of any system's summary."""
        document, references = item.document, item.references
        facts, traps = document.get("facts", []), document.get("traps")
        headline = [f for f in facts if f["name"] in document.get("headline_facts", [])]
        scores: dict[str, float | None] = dict.fromkeys(METRICS)
        scores["words"] = len(words(summary))
        scores["facts"] = share(len(found(facts, summary)), len(facts))
        scores["headline"] = share(len(found(headline, summary)), len(headline))
        scores["trap"] = None if traps is None else float(bool(found(traps, summary)))
        scores["copied"] = copied(summary, document["text"])
        if references:
            rouge = self.english if document.get("language", "en") == "en" else self.other
            each = [rouge.score(reference, summary) for reference in references]
            for kind in ("1", "2", "L"):
                total = sum(score[f"rouge{kind}"].fmeasure for score in each)
                scores[f"ROUGE-{kind}"] = total / len(each)
            scores["similarity"] = 0.0
            if summary.strip():
                mean = sum(self.embedding(reference) for reference in references) / len(references)
                scores["similarity"] = float(self.embedding(summary) @ mean)
        return scores

    def record(self, item: Item, record: dict) -> dict[str, float | None]:
        """What can be said of a run of ours, which took time and reports on its sentences."""
        points = record["points"]
        return {
            **self(item, record["summary"]),
            "supported": share(sum(bool(p.get("supported")) for p in points), len(points)),
            "seconds": record["seconds"],
            "prefill tokens": record["prefill_tokens"],
        }
