"""Runs of `precis summarize`, kept as they come, so that a broken one goes on where it was."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import corpus
from documents import Item

# So many failures before the first success mean that the program or the model is at fault.
HOPELESS = 3


def build_of(program: Path, model: Path) -> str:
    """What tells runs of one program and model from those of others."""
    both = hashlib.sha256()
    # A program that stands in for Précis needs no model; Précis says so itself if its is missing.
    for file in (program, *([model] if model.exists() else [])):
        with file.open("rb") as opened:
            both.update(hashlib.file_digest(opened, "sha256").digest())
    return both.hexdigest()


def read(file: Path) -> list[dict]:
    """The records of a file; a line that was broken off while it was written is none."""
    records = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def latest(records: list[dict], items: list[Item]) -> dict[str, dict]:
    """The last record of each item, if its document is still the same."""
    hashes = {item.key: corpus.sha256(item.document["text"]) for item in items}
    return {r["key"]: r for r in records if hashes.get(r["key"]) == r["text_sha256"]}


def summarize(program: Path, model: Path, item: Item, file: Path) -> dict:
    """One run."""
    file.write_text(item.document["text"], encoding="utf-8")
    command = [program, "summarize", file, "--json", "--fresh", "--backend", "cpu"]
    command += ["--length", item.length, "--model", model]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        raise RuntimeError(f"exit status {done.returncode}: {last}")
    report = json.loads(done.stdout)
    return {
        "summary": report["summary"],
        "points": report["points"],
        "seconds": seconds,
        "prefill_tokens": report["prefill"]["tokens"],
        "document_tokens": report["document"]["tokens"],
    }


def run_all(
    program: Path, model: Path, items: list[Item], results: Path
) -> tuple[dict[str, dict], dict[str, str]]:
    """The records of all items, and why those failed that did. Finished ones aren't run again."""
    build = build_of(program, model)
    done = latest([r for r in read(results) if r["build"] == build], items)
    failed: dict[str, str] = {}
    if results.exists() and not results.read_bytes().endswith(b"\n"):
        with results.open("a", encoding="utf-8") as out:
            out.write("\n")
    with tempfile.TemporaryDirectory() as folder:
        for number, item in enumerate(items, 1):
            if item.key in done:
                continue
            head = f"{number}/{len(items)} {item.key}"
            try:
                run = summarize(program, model, item, Path(folder) / "document.txt")
            except (RuntimeError, KeyError, json.JSONDecodeError) as error:
                failed[item.key] = f"{type(error).__name__}: {error}"
                print(f"{head}: {failed[item.key]}", file=sys.stderr)
                if not done and len(failed) == HOPELESS:
                    raise SystemExit(f"the first {HOPELESS} runs failed: see above") from error
                continue
            text = corpus.sha256(item.document["text"])
            record = {"key": item.key, "build": build, "text_sha256": text, **run}
            with results.open("a", encoding="utf-8") as out:
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
            done[item.key] = record
            print(f"{head}, {run['seconds']:.1f} s: {run['summary']}", file=sys.stderr)
    return done, failed
