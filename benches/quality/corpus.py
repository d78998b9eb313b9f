"""Documents with a one-sentence summary that their authors wrote: Debian's manual pages.

The summary is the line of a page's NAME section, the document is the rest of the page as plain
text. `corpus.json` is the lock: which pages of which packages, with the SHA-256 of each text, and
the half that it belongs to. `python3 benches/quality/corpus.py` chooses anew and writes it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = ROOT / ".tools" / "quality"
LOCK = HERE / "corpus.json"

PACKAGES = """
apache2-bin apt aria2 bash bind9-dnsutils binutils borgbackup btrfs-progs bubblewrap buildah
coreutils cryptsetup-bin curl debhelper devscripts docker.io dpkg dpkg-dev e2fsprogs ffmpeg
findutils gawk gdb git-man gnupg gpg graphviz imagemagick-6-common iproute2 lvm2 make man-db
manpages manpages-dev mdadm network-manager nftables nmap openssh-client perl-doc podman postfix
postgresql-client-15 procps rclone rsync sed socat sqlite3 strace subversion sudo systemd tar
tcpdump tmux util-linux valgrind vim-common wget xfsprogs xz-utils zsh-common
""".split()

# Bytes of text: longer than a screen or two, shorter than what takes minutes to read.
SIZES = range(8_000, 230_001)
PAGES_OF_A_PACKAGE = 3
WORDS_OF_A_SUMMARY = 3


@dataclass
class Document:
    """A page: its place, its text without the summary, and the summary."""

    package: str
    version: str
    page: str
    half: str
    sha256: str
    text: str
    reference: str

    @property
    def name(self) -> str:
        """What it is called in results."""
        return f"{self.package}/{self.page}"

    def lock(self) -> dict[str, str]:
        """What the lock says of it."""
        return {k: v for k, v in asdict(self).items() if k not in ("text", "reference")}


def half_of(package: str) -> str:
    """The half of a package, so that pages of one project are never in both."""
    return "tune" if int(sha256(package), 16) % 2 == 0 else "held-out"


def sha256(text: str) -> str:
    """The hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def unpacked(package: str) -> tuple[Path, str]:
    """Where a package lies unpacked, fetched if it isn't there, and its version."""
    folder = DATA / "packages" / package
    version = folder / "version"
    if not version.exists():
        debs = DATA / "debs"
        debs.mkdir(parents=True, exist_ok=True)
        if not list(debs.glob(f"{package}_*.deb")):
            subprocess.run(
                ["apt-get", "-q", "download", package],
                cwd=debs,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        deb = sorted(debs.glob(f"{package}_*.deb"))[-1]
        folder.mkdir(parents=True, exist_ok=True)
        keep = ["./usr/bin/mandoc"] if package == "mandoc" else ["./usr/share/man/man[1-9]*"]
        files = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", deb], check=True, capture_output=True
        ).stdout
        # A package without pages of its own is no error.
        subprocess.run(
            ["tar", "-x", "-C", folder, "--wildcards", *keep],
            input=files,
            stderr=subprocess.DEVNULL,
        )
        field = ["dpkg-deb", "--field", deb, "Version"]
        version.write_text(
            subprocess.run(field, check=True, capture_output=True, text=True).stdout.strip()
        )
    return folder, version.read_text()


def rendered(page: Path) -> str:
    """A page as plain text of 78 columns, without the lines at its head and foot."""
    source = gzip.open(page).read() if page.suffix == ".gz" else page.read_bytes()
    mandoc = unpacked("mandoc")[0] / "usr/bin/mandoc"
    command = [mandoc, "-T", "utf8", "-O", "width=78"]
    text = subprocess.run(command, input=source, capture_output=True).stdout.decode(
        "utf-8", "replace"
    )
    # Bold and underlined letters are struck twice.
    lines = re.sub(".\b", "", text).split("\n")
    filled = [i for i, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[filled[0] + 1 : filled[-1]]) if len(filled) > 2 else ""


def split_name(text: str) -> tuple[str, str] | None:
    """The NAME section's line, and the text without that section."""
    match = re.search(r"^NAME\n(.*?)(?=^\S)", text, re.MULTILINE | re.DOTALL)
    if not match:
        return None
    name = " ".join(match[1].split())
    parts = re.split(r" (?:-|–|—|--) ", name, maxsplit=1)
    if len(parts) != 2 or len(parts[1].split()) < WORDS_OF_A_SUMMARY:
        return None
    rest = (text[: match.start()] + text[match.end() :]).strip() + "\n"
    return f"{parts[0]} - {parts[1]}", rest


def document(package: str, version: str, page: Path) -> Document | None:
    """A page as a document, if it is one."""
    split = split_name(rendered(page))
    if not split or len(split[1].encode()) not in SIZES:
        return None
    reference, text = split
    name = page.name.removesuffix(".gz")
    return Document(package, version, name, half_of(package), sha256(text), text, reference)


def pages(folder: Path) -> list[Path]:
    """The pages of a package that are no links, in an order that means nothing."""
    found = [p for p in folder.glob("usr/share/man/man*/*") if p.is_file() and not p.is_symlink()]
    return sorted(found, key=lambda page: sha256(f"{folder.name}/{page.name}"))


def choose() -> list[Document]:
    """At most three pages of each package, none twice."""
    chosen: list[Document] = []
    seen: set[str] = set()
    for package in PACKAGES:
        folder, version = unpacked(package)
        here: list[Document] = []
        for page in pages(folder):
            made = document(package, version, page)
            if made and made.sha256 not in seen and made.reference not in seen:
                seen.update((made.sha256, made.reference))
                here.append(made)
            if len(here) == PAGES_OF_A_PACKAGE:
                break
        chosen += here
    return chosen


def load(half: str) -> list[Document]:
    """The documents of one half that the lock names, with a word on those that have changed."""
    documents = []
    for locked in json.loads(LOCK.read_text()):
        if locked["half"] != half:
            continue
        package, name = locked["package"], locked["page"]
        folder, version = unpacked(package)
        found = [p for p in pages(folder) if p.name.removesuffix(".gz") == name]
        made = document(package, version, found[0]) if found else None
        if made is None:
            print(
                f"{package}/{name}: no such page in {version}, left out",
                file=sys.stderr,
            )
            continue
        if made.sha256 != locked["sha256"]:
            was = locked["version"]
            print(
                f"{made.name}: another text than the lock's ({version}, was {was})",
                file=sys.stderr,
            )
        documents.append(made)
    return documents


def main() -> None:
    """Chooses the pages and writes the lock."""
    chosen = choose()
    lines = ",\n".join(json.dumps(made.lock()) for made in chosen)
    LOCK.write_text(f"[\n{lines}\n]\n")
    for half in ("tune", "held-out"):
        print(half, sum(made.half == half for made in chosen))


if __name__ == "__main__":
    main()
