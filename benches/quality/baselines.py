"""What a summary has to beat: sentences taken from the document."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

# Sentences hold words and end like sentences; headings, synopses, options and tables don't.
WORDS_OF_A_SENTENCE = 5


def paragraphs(text: str) -> list[str]:
    """Blocks of lines of one indentation without a blank one between them, each joined."""
    blocks: list[str] = []
    lines: list[str] = []
    indent = 0
    for line in [*text.split("\n"), ""]:
        now = len(line) - len(line.lstrip())
        if lines and (not line.strip() or now != indent):
            blocks.append(" ".join(lines))
            lines = []
        if line.strip():
            lines.append(" ".join(line.split()))
            indent = now
    return blocks


def is_sentence(text: str) -> bool:
    """Whether it has five words, half of them of letters alone, and the end of a sentence."""
    words = text.split()
    plain = sum(bool(re.fullmatch(r"[A-Za-z][a-z'’-]*[,;:.!?]?", word)) for word in words)
    return (
        len(words) >= WORDS_OF_A_SENTENCE
        and 2 * plain >= len(words)
        and text.endswith((".", "!", "?"))
    )


def sentences(text: str) -> list[str]:
    """The sentences of a document in order, each once."""
    found = []
    for block in paragraphs(text):
        # Not after "e.g." and the like: what follows begins with a capital.
        found += re.split(r"(?<=[a-z0-9)\]\"'’”][.!?])\s+(?=[A-Z\"“(])", block)
    return list(dict.fromkeys(s.strip() for s in found if is_sentence(s.strip())))


def first(text: str) -> str:
    """The first sentence."""
    return " ".join(sentences(text)[:1])


def lead(text: str) -> str:
    """The first three sentences."""
    return " ".join(sentences(text)[:3])


def ranks(words: list[list[str]]) -> np.ndarray:
    """How often a random walk from sentence to similar sentence is at each of them.

    Similar are sentences whose TF-IDF vectors are. A step needs the vectors alone, not the
    similarity of every pair, so that time and memory grow with the text, not with its square.
    """
    column = {word: i for i, word in enumerate(sorted({w for ws in words for w in ws}))}
    counts = [(r, column[w], n) for r, ws in enumerate(words) for w, n in Counter(ws).items()]
    if not counts:
        return np.full(len(words), 1 / max(len(words), 1))
    row, col, count = (np.array(part) for part in zip(*counts, strict=True))
    idf = np.log((1 + len(words)) / (1 + np.bincount(col))) + 1
    value = count * idf[col]
    square = np.bincount(row, value**2, len(words))
    value = value / np.sqrt(square[row])

    def similar(x: np.ndarray) -> np.ndarray:
        """The matrix of similarities, with zeros on its diagonal, times x."""
        y = np.bincount(col, value * x[row])
        return np.bincount(row, value * y[col], len(words)) - (square > 0) * x

    total = np.maximum(similar(np.ones(len(words))), 1e-9)
    rank = np.full(len(words), 1 / len(words))
    for _ in range(50):
        rank = 0.15 / len(words) + 0.85 * similar(rank / total)
    return rank


def text_rank(text: str) -> str:
    """The sentence that a random walk from sentence to similar sentence is most often at."""
    all_sentences = sentences(text)
    if not all_sentences:
        return ""
    words = [re.findall(r"[a-z][a-z0-9_-]+", s.lower()) for s in all_sentences]
    return all_sentences[int(ranks(words).argmax())]


BASELINES = {"first sentence": first, "lead-3": lead, "TextRank": text_rank}
