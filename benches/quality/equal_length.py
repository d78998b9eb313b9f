"""Baselines that are as long as the summary that they are compared with."""

from __future__ import annotations

from collections.abc import Iterable

from baselines import ranks
from sentences import sentences, words


def fill(found: list[str], order: Iterable[int], target: int) -> str:
    """Sentences in this order until there are `target` words, set as the document has them.

    The last one is left out if the count is closer without it; one is always there.
    """
    chosen: list[int] = []
    total = 0
    for index in order:
        more = len(words(found[index]))
        if chosen and abs(total + more - target) >= abs(total - target):
            break
        chosen.append(index)
        total += more
    return " ".join(found[index] for index in sorted(chosen))


def lead(text: str, target: int) -> str:
    """The first sentences."""
    found = sentences(text)
    return fill(found, range(len(found)), target)


def text_rank(text: str, target: int) -> str:
    """The sentences that TextRank likes best."""
    found = sentences(text)
    rank = ranks([words(sentence) for sentence in found])
    # Of equals, the earlier one.
    return fill(found, sorted(range(len(found)), key=lambda i: (-rank[i], i)), target)


BASELINES = {"lead": lead, "TextRank": text_rank}
