"""How often questions about documents get their answer, or "The document does not say."

    python3 benches/quality/ask.py [MODEL.gguf]
    python3 benches/quality/ask.py --unseen [MODEL.gguf]

MODEL.gguf is SmolLM2-135M, if it isn't given. documents/questions.json has the questions, about the
documents of written.json: half of them are answered there, half are not, though they use the document's
words. An answer is right if it has what one of the patterns looks for. Each answerable question is also
asked of another document, which is about something else. Takes five minutes on two cores.

With --unseen the 240 questions of documents/questions-unseen.json are asked, about documents of
unseen.json: nothing was chosen by them. An answer is right if it quotes a sentence from which a reader has
the answer. Takes eight minutes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from corpus import ROOT
from environment import build

DOCUMENTS = Path(__file__).parent / "documents"
NOT_SAID = "The document does not say."

# Which document a question is asked of beside its own: so many further on.
OTHER = 7


def answer(program: Path, model: str, text: str, question: str) -> str:
    """What the program answers."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        command = [str(program), "summarize", file.name, "--ask", question, "--json", "--model", model]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["summary"]


def plain(text: str) -> str:
    """The words of a text."""
    return " ".join(re.findall(r"\w+", text.lower()))


def unseen(model: str) -> None:
    """Asks the questions about unseen documents and prints the counts."""
    program = build()
    documents = json.loads((DOCUMENTS / "unseen.json").read_text(encoding="utf-8"))
    texts = {document["id"]: document["text"] for document in documents}
    questions = json.loads((DOCUMENTS / "questions-unseen.json").read_text(encoding="utf-8"))
    for answered in (True, False):
        asked = [question for question in questions if bool(question["answers"]) == answered]
        said = [answer(program, model, texts[q["id"]], q["question"]) for q in asked]
        refused = said.count(NOT_SAID)
        # The beginning or the end is enough: a quotation may lack a speaker's name or a mark.
        quoted = [
            any(plain(sentence)[:50] in text or plain(sentence)[-50:] in text for sentence in question["answers"])
            for question, text in zip(asked, map(plain, said))
        ]
        result = f"with an answer: {sum(quoted)} right," if answered else "without an answer:"
        print(f"{len(asked)} questions {result} {refused} refused")


def main(model: str) -> None:
    """Asks everything and prints the counts."""
    program = build()
    written = json.loads((DOCUMENTS / "written.json").read_text(encoding="utf-8"))
    texts = {document["id"]: document["text"] for document in written}
    questions = json.loads((DOCUMENTS / "questions.json").read_text(encoding="utf-8"))
    answered = [asked for asked in questions if asked["answerable"]]
    flags = re.IGNORECASE | re.DOTALL
    right = refused = 0
    for asked in answered:
        said = answer(program, model, texts[asked["id"]], asked["question"])
        right += any(re.search(pattern, said, flags) for pattern in asked["any"])
        refused += said == NOT_SAID
    print(f"{len(answered)} questions with an answer: {right} right, {refused} refused")
    others = [asked for asked in questions if not asked["answerable"]]
    said = [answer(program, model, texts[asked["id"]], asked["question"]) for asked in others]
    print(f"{len(others)} without, in the document's words: {said.count(NOT_SAID)} refused")
    far = [answered[(i + OTHER) % len(answered)]["id"] for i in range(len(answered))]
    said = [answer(program, model, texts[id_], asked["question"]) for id_, asked in zip(far, answered)]
    print(f"{len(far)} about something else: {said.count(NOT_SAID)} refused")


if __name__ == "__main__":
    default = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"
    models = [argument for argument in sys.argv[1:] if argument != "--unseen"]
    (unseen if "--unseen" in sys.argv else main)(models[0] if models else str(default))
