"""What a summary has to beat: sentences taken from the document."""

from __future__ import annotations

import re

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


def tf_idf(texts: list[str]) -> np.ndarray:
    """Rows of length one, a column for each word."""
    words = [re.findall(r"[a-z][a-z0-9_-]+", text.lower()) for text in texts]
    column = {word: i for i, word in enumerate(sorted({w for ws in words for w in ws}))}
    counts = np.zeros((len(texts), len(column)), dtype=np.float32)
    for row, ws in enumerate(words):
        for word in ws:
            counts[row, column[word]] += 1
    idf = np.log((1 + len(texts)) / (1 + (counts > 0).sum(0))) + 1
    rows = counts * idf
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def text_rank(text: str) -> str:
    """The sentence that a random walk from sentence to similar sentence is most often at."""
    all_sentences = sentences(text)
    if not all_sentences:
        return ""
    rows = tf_idf(all_sentences)
    similar = rows @ rows.T
    np.fill_diagonal(similar, 0)
    steps = similar / np.maximum(similar.sum(1, keepdims=True), 1e-9)
    rank = np.full(len(rows), 1 / len(rows))
    for _ in range(50):
        rank = 0.15 / len(rows) + 0.85 * (steps.T @ rank)
    return all_sentences[int(rank.argmax())]


BASELINES = {"first sentence": first, "lead-3": lead, "TextRank": text_rank}
