"""Names made comparable: letters without case and marks, the words that carry meaning, initials."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Letters that Unicode does not decompose, and ligatures of the languages at hand.
_LETTERS: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ß": "ss"})
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff"
_APART: Final = re.compile(rf"([{_HAN}])")
_PART: Final = re.compile(r"[^\W_]+")
_ENGLISH: Final = (
    "a", "an", "and", "at", "by", "for", "from", "in", "into", "of", "on", "or", "s", "the", "to", "with",
)  # fmt: skip
_FRENCH: Final = (
    "au", "aux", "d", "dans", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par", "pour",
    "sur",
)  # fmt: skip
_EMPTY_WORDS: Final = frozenset(_ENGLISH + _FRENCH)


def fold(text: str) -> str:
    """Return ``text`` without case, diacritics and punctuation, its parts separated by one space; Chinese
    characters stand alone, since nothing tells where a Chinese word ends."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(_PART.findall(_APART.sub(r" \1 ", plain)))


def words(folded: str) -> tuple[str, ...]:
    """Return the words of a folded name that carry meaning, in order; all of them when none does."""
    parts = folded.split()
    return tuple(part for part in parts if part not in _EMPTY_WORDS) or tuple(parts)


def initials(folded: str) -> str:
    """Return the initials of the meaningful words of a folded name ("mps"), or "" when they are too few to be
    an acronym."""
    parts = words(folded)
    return "".join(part[0] for part in parts) if len(parts) > 2 else ""
