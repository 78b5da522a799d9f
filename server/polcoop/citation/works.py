"""A cited work as a plain value, and its form as a CSL-JSON item, from which citation styles are rendered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
_PARTICLES: Final = frozenset({"da", "de", "del", "den", "der", "di", "du", "la", "le", "van", "von"})


@dataclass(frozen=True, slots=True)
class Name:
    """A person (``family`` and ``given``) or a body (``family`` alone, never taken apart)."""

    family: str
    given: str = ""

    @classmethod
    def of_person(cls, label: str, *, family_first: bool = False, hint: str = "") -> Name:
        """Take a person's name apart.

        The family name is the word that ``hint`` (the start of a slug such as ``xi-jinping-…``) begins with;
        else the first word for those who put it first; else the last one, with its particles.
        """
        words = label.split()
        start = hint.partition("-")[0]
        if len(words) > 1 and (family_first or (start and _plain(words[0]) == start)):
            return cls(words[0], " ".join(words[1:]))
        at = max(len(words) - 1, 0)
        while at > 1 and words[at - 1].lower() in _PARTICLES:
            at -= 1
        return cls(" ".join(words[at:]), " ".join(words[:at]))

    def csl(self) -> dict[str, str]:
        """As a name variable of CSL-JSON."""
        return {"family": self.family, "given": self.given} if self.given else {"literal": self.family}


@dataclass(frozen=True, slots=True)
class Work:
    """What is cited.

    ``kind`` is an item type of CSL 1.0.2; ``date`` an EDTF string; ``translation`` the title in the reader's
    language when the work has another; ``others`` whether more authors are printed as *et al.*; ``number``
    that of a report or an issue; ``version`` that of a dataset.
    """

    id: str
    kind: str
    title: str
    authors: tuple[Name, ...] = ()
    editors: tuple[Name, ...] = ()
    others: bool = False
    date: str = ""
    translation: str = ""
    container: str = ""
    series: str = ""
    publisher: str = ""
    place: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    language: str = ""
    url: str = ""
    accessed: str = ""
    version: str = ""
    genre: str = ""
    note: str = ""

    @property
    def days(self) -> list[list[int]]:
        """The date, or both ends of an interval, as far as it is known: ``[[2016, 5]]``."""
        matches = (_DATE.match(part) for part in self.date.split("/"))
        return [[int(part) for part in match.groups() if part] for match in matches if match]

    def csl(self) -> dict[str, Any]:
        """As an item of CSL-JSON; what is empty is left out."""
        numbered = "issue" if self.kind in {"article-journal", "periodical"} else "number"
        item: dict[str, Any] = {
            "id": self.id,
            "type": self.kind,
            "title": self.title,
            "author": [name.csl() for name in self.authors],
            "editor": [name.csl() for name in self.editors],
            "container-title": self.container,
            "collection-title": self.series,
            "publisher": self.publisher,
            "publisher-place": self.place,
            "volume": self.volume,
            numbered: self.number,
            "page": self.pages.replace("–", "-"),
            "language": self.language,
            "URL": self.url,
            "version": self.version,
            "genre": self.genre,
            "note": self.note,
        }
        if self.days:
            circa = {"circa": True} if "~" in self.date else {}
            item["issued"] = {"date-parts": self.days, **circa}
        if match := _DATE.match(self.accessed):
            item["accessed"] = {"date-parts": [[int(part) for part in match.groups() if part]]}
        return {name: value for name, value in item.items() if value}


def _plain(word: str) -> str:
    return "".join(c for c in word.lower() if c.isalnum())
