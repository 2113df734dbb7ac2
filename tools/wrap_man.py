#!/usr/bin/env python3
"""Breaks long text lines of the manual pages as mandoc -Tlint wants them: 80 bytes, between words, never in literal blocks.

    tools/wrap_man.py [--check] [PAGE...]
"""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST = 80


def breaks(line):
    """The pieces of a text line; a piece never begins with a control character."""
    words, piece = line.split(" "), ""
    for word in words:
        longer = f"{piece} {word}" if piece else word
        if piece and len(longer.encode()) > MOST and word[:1] not in (".", "'", ""):
            yield piece
            piece = word
        else:
            piece = longer
    yield piece


def wrap(text):
    out, literal = [], False
    for line in text.split("\n"):
        if line.startswith(".Bd") and ("-literal" in line or "-unfilled" in line) or line.startswith((".nf", ".TS")):
            literal = True
        elif line.startswith((".Ed", ".fi", ".TE")):
            literal = False
        keep = literal or line[:1] in (".", "'") or len(line.encode()) <= MOST
        out.extend([line] if keep else breaks(line))
    return "\n".join(out)


def main():
    check = "--check" in sys.argv
    pages = [Path(a) for a in sys.argv[1:] if not a.startswith("--")] or sorted((ROOT / "docs/man").glob("*.1"))
    changed = [page for page in pages if wrap(page.read_text()) != page.read_text()]
    for page in changed:
        if not check:
            page.write_text(wrap(page.read_text()))
        print(page.name)
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
