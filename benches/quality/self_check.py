"""Checks of the metrics, the baselines and the whole program, on examples and without a model."""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

import documents
import equal_length
import tables
from baselines import ranks
from corpus import half_of
from evaluate import evaluate
from intervals import interval
from metrics import Scorer, copied, found, missed
from sentences import sentences, words

TEXT = """\
Subject: the bridge

Mr. Holm said that the old bridge will close on Monday. "Nobody is
in danger!" he added. Work on the bridge takes eleven weeks, and peo-
ple can walk across the bridge.

- The ferry is free for everybody on foot.
- 4 cars
"""
SENTENCES = [
    "Mr. Holm said that the old bridge will close on Monday.",
    '"Nobody is in danger!" he added.',
    "Work on the bridge takes eleven weeks, and people can walk across the bridge.",
    "- The ferry is free for everybody on foot.",
]
FACTS = [
    {"name": "closes", "any": ["\\bshut", "bridge.{0,20}CLOSE"]},
    {"name": "ferry", "any": ["ferry"]},
]
# It summarizes by the first 20 words, fails where the text says so, and counts its calls.
PROGRAM = """\
#!{python}
import json, pathlib, sys
text = pathlib.Path(sys.argv[2]).read_text()
with open({calls!r}, "a") as calls:
    calls.write(sys.argv[sys.argv.index("--length") + 1] + chr(10))
if "unreadable" in text:
    sys.exit("error[bad]: no")
summary = " ".join(text.split()[:20])
points = [{{"text": summary, "start": 0, "end": 9, "supported": True}}]
print(json.dumps({{"summary": summary, "points": points, "prefill": {{"tokens": 7}},
                  "document": {{"tokens": 5}}}}))
"""


def check_texts() -> None:
    """Words, sentences, shares and patterns."""
    assert words("It's 3.4 – well-known, “Ja”.") == ["it's", "3.4", "well-known", "ja"]
    assert len(words("8月9日に延期")) == 7, words("8月9日に延期")
    assert sentences(TEXT) == SENTENCES, sentences(TEXT)
    assert len(sentences("花火大会は延期されます。券はそのまま使えます。電話 0555")) == 2
    arabic = "قرر المجلس تسيير حافلتين مجانيتين اليوم. لن تشمل الخدمة طلاب الثانوية أبداً."
    assert len(sentences(arabic)) == 2
    assert sentences("a\n\nb") == ["a", "b"]
    document = "one two three four five six\nSeven eight nine ten eleven."
    assert copied("One two three four five six seven eight", document) == 1
    assert copied("one two three four five six seven", document) == 0
    assert copied("x y two three four five six seven eight nine", document) == 0.8
    assert copied("", document) is None
    assert found(FACTS, "The Bridge will close.") == ["closes"]
    assert missed(FACTS, "The Bridge will close.") == ["ferry"]


def check_baselines() -> None:
    """Their length, their order, and the random walk."""
    assert equal_length.lead(TEXT, 1) == SENTENCES[0]
    assert equal_length.lead(TEXT, 13) == SENTENCES[0]
    assert equal_length.lead(TEXT, 18) == " ".join(SENTENCES[:2])
    assert equal_length.lead(TEXT, 999) == " ".join(SENTENCES)
    assert equal_length.text_rank(TEXT, 25) == " ".join(SENTENCES[2:])
    assert equal_length.lead("", 5) == equal_length.text_rank("", 5) == ""
    rank = ranks([["a", "b"], ["a", "c"], ["a", "b", "c"], ["z"], []])
    assert rank.argmax() == 2 and rank[3] == rank.min(), rank
    # The same with the matrix itself.
    rows = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], float)
    rows *= np.log(6 / (1 + np.array([3, 2, 2, 1]))) + 1
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    similar = rows @ rows.T
    np.fill_diagonal(similar, 0)
    steps = similar / np.maximum(similar.sum(1, keepdims=True), 1e-9)
    dense = np.full(5, 0.2)
    for _ in range(50):
        dense = 0.15 / 5 + 0.85 * (steps.T @ dense)
    assert np.allclose(rank, dense), (rank, dense)
    # A hundred thousand sentences would need 40 GB as a matrix of all pairs.
    ranks([[f"w{i % 977}", f"v{i % 89}"] for i in range(100_000)])


def check_scores(scorer: Scorer) -> None:
    """Metrics against references, intervals, differences."""
    document = {"id": "x", "text": TEXT, "facts": FACTS, "headline_facts": ["closes"]}
    document |= {"traps": [{"name": "lost", "any": ["collapsed"]}], "good": "The bridge closed."}
    item = documents.Item("k", "short", document)
    same = scorer(item, "The bridge closes.")
    assert (same["facts"], same["headline"], same["trap"]) == (0.5, 1, 0)
    assert same["ROUGE-2"] == same["ROUGE-L"] == 1, same
    assert same["similarity"] > 0.8 and same["copied"] == 0
    bad = scorer(item, "It collapsed.")
    assert (bad["facts"], bad["trap"], bad["supported"]) == (0, 1, None)
    assert scorer(item, "")["similarity"] == 0
    two = {"id": "x", "text": TEXT, "refs": ["The bridge closes.", "Ferries"], "length": "short"}
    both = scorer(documents.Item("k", "short", two), "bridge")
    assert abs(both["ROUGE-1"] - (0.5 + 0) / 2) < 1e-9 and both["trap"] is None
    other = {"id": "x", "text": TEXT, "good": "延期されます", "language": "ja"}
    assert scorer(documents.Item("k", "short", other), "延期されます")["ROUGE-L"] == 1
    assert interval([1, 1, 1]) == {"mean": 1, "low": 1, "high": 1}
    cases = [{"trap": 1.0}, {"trap": None}], [{"trap": 0.0}, {"trap": 1.0}]
    assert tables.difference(*cases, "trap") == {"mean": 1, "low": 1, "high": 1}
    assert tables.best_of({"a": [{"trap": 1.0}], "b": [{"trap": 0.0}]}, "trap") == "b"
    assert tables.best_of({"a": [{"trap": None}]}, "trap") is None


def check_whole(scorer: Scorer) -> None:
    """A program that is no Précis, on documents of two kinds: choice, resuming, comparing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, out, calls = folder / "data", folder / "out", folder / "calls"
        data.mkdir()
        everyday = {"id": "e", "text": TEXT, "facts": FACTS, "traps": [], "good": "Closed."}
        (data / "everyday.json").write_text(json.dumps([everyday]))
        long = [
            {"id": f"m{i}", "text": TEXT * (i + 1), "refs": ["Shut."], "length": "medium"}
            for i in range(6)
        ]
        bad = {"id": "bad", "text": TEXT * 2 + "unreadable", "refs": ["?"], "length": "medium"}
        long.append(bad)
        (data / "long.jsonl").write_text("".join(json.dumps(d) + "\n" for d in long))
        program = folder / "program"
        program.write_text(PROGRAM.format(python=sys.executable, calls=str(calls)))
        program.chmod(0o755)
        given = argparse.Namespace(
            data=data, program=program, model=data / "everyday.json", kind=None, half=None,
            quick=True, limit=None, out=out, compare=None,
        )  # fmt: skip

        def go(expected_calls: list[str]) -> str:
            calls.write_text("")
            shown = io.StringIO()
            with redirect_stdout(shown), redirect_stderr(io.StringIO()):
                failures = evaluate(given, scorer)
            assert failures == 1
            assert calls.read_text().split() == expected_calls, calls.read_text()
            return shown.getvalue()

        first = go(["medium", "sentence", "short", *["medium"] * 4])
        assert "| long | medium | 3 | lead |" in first and "error[bad]: no" in first, first
        assert "Missed: ferry" in (out / "summaries.md").read_text()
        assert (out / "table.md").exists()
        with (out / "results.jsonl").open("a") as results:
            results.write('{"key": "broken o')
        # Only what failed runs again.
        go(["medium"])
        program.write_text(program.read_text().replace("[:20]", "[:30]"))
        given.compare = out
        changed = go(["medium", "sentence", "short", *["medium"] * 4])
        row = "| long | medium | 3 | +10.0 [+10.0, +10.0] |"
        assert row in changed.split("older ones")[1], changed
        given.quick, given.compare = False, None
        go(["medium"] * 4)
        chosen = documents.load(data, ["long"], "tune") + documents.load(data, ["long"], "held-out")
        assert len(chosen) == 7 and half_of("m1") == half_of("m1")
        assert len(documents.load(data, limit=1)) == 4


def check_data(folder: Path) -> None:
    """Good summaries mention all facts and fall into no trap; bad ones do."""
    for item in documents.load(folder):
        document = item.document
        if "facts" in document and item.length == "medium":
            good, bad = document["good"], document["bad"]
            assert not missed(document["facts"], good), (item.key, missed(document["facts"], good))
            assert not found(document["traps"], good), (item.key, found(document["traps"], good))
            assert found(document["traps"], bad), item.key
        assert item.references and item.document["text"].strip(), item.key


def run(data: Path | None) -> None:
    """All checks; those of documents if there is a folder of them."""
    check_texts()
    check_baselines()
    scorer = Scorer()
    check_scores(scorer)
    check_whole(scorer)
    if data:
        check_data(data)
    print("all checks passed")
