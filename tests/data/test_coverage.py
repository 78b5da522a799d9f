"""The real encoding against the real text, where the text is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from polcoop.iris import PREFIXES
from polcoop.sources.note import Note
from polcoop.sources.turtle import read

ROOT = Path(__file__).resolve().parents[2]
SHARED_RUN = 8
LABELS = {PREFIXES["skos"] + name for name in ("prefLabel", "altLabel")}
PROSE = {PREFIXES["polcoop"] + name for name in ("statement", "editorialNote", "hasObjective", "outcome")}


def test_no_sentence_is_left_out(polcoop, root: Path, note_text: Path) -> None:
    done = polcoop("coverage", "--root", root, "--note", note_text, "--format", "json")
    pages = json.loads(done.stdout)
    gaps = {
        f"p. {page['page']} {kind}": page[kind]
        for page in pages
        for kind in ("uncovered", "partly", "loose", "calls", "figures")
        if page[kind]
    }
    assert not gaps
    assert done.returncode == 0
    assert [page["page"] for page in pages] == list(range(1, 27))
    assert all(page["claims"] for page in pages)


def test_the_text_is_the_recorded_edition(note_text: Path) -> None:
    recorded = {
        quad.object.value
        for quad in read(ROOT / "instances" / "works.ttl")
        if quad.predicate.value == PREFIXES["polcoop"] + "textDigest"
    }
    assert recorded == {Note(note_text).sha256}


def test_no_sentence_is_copied(note_text: Path) -> None:
    """No eight words in a row are the note's; a name counts as one, since it cannot be said otherwise."""
    quads = [quad for path in sorted((ROOT / "instances").rglob("*.ttl")) for quad in read(path)]
    french = [quad for quad in quads if getattr(quad.object, "language", None) == "fr"]
    names = _names(quad.object.value for quad in french if quad.predicate.value in LABELS)
    text = " ".join(Note(note_text).pages.values())
    runs = set(_runs(_words(text, names)))
    prose = [quad for quad in french if quad.predicate.value in PROSE]
    assert len(prose) > 500
    copied = {
        quad.subject.value: " ".join(run)
        for quad in prose
        for run in _runs(_words(quad.object.value, names))
        if run in runs
    }
    assert not copied


def test_the_check_for_copies_sees_one(note_text: Path) -> None:
    page = _words(Note(note_text).pages[14])
    assert set(_runs(page[20:40])) & set(_runs(page))


def _names(labels: Iterable[str]) -> re.Pattern[str]:
    """A pattern for names of three words and more, the longest first."""
    names = {name for label in labels if len((name := " ".join(_words(label))).split()) >= 3}
    return re.compile(r"\b(?:" + "|".join(sorted(names, key=len, reverse=True)) + r")\b")


def _words(text: str, names: re.Pattern[str] | None = None) -> list[str]:
    joined = re.sub(r"(?<=\w)-\s*\n\s*(?=\w)", "", text)
    # A footnote call is no part of the word to which it is glued.
    words = re.findall(r"\w+", re.sub(r"(?<=[^\W\d])\d+", "", joined).lower())
    return (names.sub("§", " ".join(words)) if names else " ".join(words)).split()


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + SHARED_RUN]) for i in range(len(words) - SHARED_RUN + 1)]


@pytest.mark.parametrize("page", range(1, 27))
def test_a_file_holds_the_claims_of_its_page(page: int) -> None:
    """A file holds the claims of its page and nothing else."""
    quads = read(ROOT / "instances" / "claims" / f"p{page:02}.ttl")
    claims = sorted({quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)})
    assert claims
    assert all(re.fullmatch(rf"{re.escape(PREFIXES['claim'])}p{page:02}-\d\d+", iri) for iri in claims)
