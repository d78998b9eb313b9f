"""Words and sentences of documents of any kind, in English and in other languages."""

from __future__ import annotations

import re

# Japanese and Chinese put no spaces between words: each of their characters counts as a word.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+(?:['’.,:/-][^\W_{CJK}]+)*")
PIECE = re.compile(rf"[{CJK}]|[^\s{CJK}]+")

WORDS_OF_A_SENTENCE = 5
END = re.compile(r"[.!?؟]+[\"'”’»)\]]*(?=\s)|[。!?]+[」』)”]*")
ENDED = re.compile(r"[.!?؟。!?][\"'”’»)\]」』)]*$")
NOT_AN_END = re.compile(r"\b(?:Mrs?|Ms|Drs?|St|Prof|Lt|Capt|Col|Gen|Sgt|vs|cf|e\.g|i\.e|[A-Z])\.$")
# A list's item, or what somebody says in a transcript.
OWN_LINE = re.compile(r"\s*(?:[-*•]|\d+[.)])\s|\s*\w[\w .'’-]{0,30}:(?:\s|$)")


def words(text: str) -> list[str]:
    """The words of a text, in lower case and without punctuation around them."""
    return WORD.findall(text.lower())


def pieces(text: str) -> list[str]:
    """What stands between white space, in lower case: words with their punctuation."""
    return [piece for piece in PIECE.findall(text.lower()) if piece.strip(">")]


def blocks(text: str) -> list[str]:
    """Paragraphs, items of lists and turns of speakers, their lines joined."""
    found: list[str] = []
    ended = True
    for line in text.split("\n"):
        # Answers quote with ">".
        line = line.lstrip("> \t")
        joined = " ".join(line.split())
        if not joined:
            ended = True
        elif ended or OWN_LINE.match(line):
            found.append(joined)
            ended = False
        elif re.search(r"[a-z]-$", found[-1]) and joined[0].islower():
            found[-1] = found[-1][:-1] + joined
        else:
            found[-1] += f" {joined}"
    return found


def begins_sentence(text: str) -> bool:
    """Whether a sentence may begin here: no small letter, where the script has any."""
    first = text.lstrip("\"'“‘«([「『* ")[:1]
    return bool(first) and not first.islower()


def split(block: str) -> list[str]:
    """A block's sentences."""
    found: list[str] = []
    start = 0
    for end in END.finditer(block):
        before, after = block[start : end.end()], block[end.end() :]
        if begins_sentence(after) and not NOT_AN_END.search(before):
            found.append(before.strip())
            start = end.end()
    return [*found, block[start:].strip()]


def is_sentence(text: str) -> bool:
    """Whether it has five words, half of them of letters alone, and the end of a sentence."""
    found = words(text)
    letters = sum(all(c.isalpha() or c in "'’-" for c in word) for word in found)
    enough = len(found) >= WORDS_OF_A_SENTENCE and 2 * letters >= len(found)
    return enough and bool(ENDED.search(text))


def sentences(text: str) -> list[str]:
    """The sentences of a document in order, each once; its blocks, if it has no sentences."""
    found = [sentence for block in blocks(text) for sentence in split(block)]
    return list(dict.fromkeys(filter(is_sentence, found))) or list(dict.fromkeys(blocks(text)))
