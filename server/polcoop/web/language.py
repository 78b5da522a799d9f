"""The language of a page: English or French, as the reader wishes."""

from __future__ import annotations

import re
from typing import Final

from polcoop.errors import UsageError

LANGUAGES: Final = ("en", "fr")
"""Languages of pages, the first one to whom does not care."""

_MEMBER: Final = re.compile(
    r"([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,40})?(?:;q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?"
)


def language(accept: str | None, wished: str | None) -> str:
    """Choose by ``wished`` (``?lang=``), else by the Accept-Language header (RFC 9110, 12.5.4); a region
    does not matter.

    :raises UsageError: ``wished`` is none of ``LANGUAGES``.
    """
    if wished is not None:
        if wished not in LANGUAGES:
            raise UsageError(f"'lang' is one of {', '.join(LANGUAGES)}")
        return wished
    qualities: dict[str, float] = {}
    for member in (accept or "").split(","):
        if match := _MEMBER.fullmatch(member.replace(" ", "")):
            tag = match[1].lower()
            qualities[tag] = max(float(match[2] or 1), qualities.get(tag, 0.0))
    others = qualities.get("*", 0.0)
    return max(LANGUAGES, key=lambda tag: qualities.get(tag, others))
