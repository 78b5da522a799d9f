"""What an answer is an answer to: dataset, query, result, time; as an object and as HTTP header fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Self

DATASET: Final = "Polcoop-Dataset"
QUERY: Final = "Polcoop-Query-Digest"
RESULT: Final = "Polcoop-Result-Digest"
FIELDS: Final = (DATASET, QUERY, RESULT)
"""The header fields; the time is in ``Date``."""

WANTED: Final = "Polcoop-Want-Digest"
"""The request header that asks for ``RESULT``; others than this endpoint pass over it."""

_ALGORITHM: Final = "sha-256="
_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """A compiled dataset: ``release`` is its semantic version (empty when it states none), ``digest`` the
    SHA-256 of its sorted N-Quads."""

    release: str
    digest: str

    def __str__(self) -> str:
        """``1.0.0+4f5e6d7c8b9a``: the release with the start of the digest as build metadata (Semantic
        Versioning 2.0.0, 10)."""
        return f"{self.release or '0.0.0'}+{self.digest[:_SHORT]}"

    def matches(self, name: str) -> bool:
        """Whether ``name`` means this version: its release, its digest or eight characters of it or more,
        or both joined by ``+``."""
        release, plus, start = name.partition("+")
        if plus:
            return release == (self.release or "0.0.0") and self._begins(start)
        return name == self.release or self._begins(name)

    def _begins(self, start: str) -> bool:
        return len(start) >= 8 and self.digest.startswith(start.lower())


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an answer is an answer to.

    ``query`` and ``result`` are the digests of docs/citation.md; ``dataset`` is None when nobody says which
    it was (an endpoint of others), ``result`` when the result was not read to its end or its format has lost
    the terms.  ``time`` is in UTC.
    """

    dataset: DatasetVersion | None
    query: str
    result: str | None
    time: datetime
    endpoint: str | None = None
    permalink: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the header fields that say this (all but the time, which ``Date`` says)."""
        fields = {QUERY: field(self.query)}
        if self.dataset is not None:
            fields[DATASET] = f"{self.dataset.release or '0.0.0'}; {field(self.dataset.digest)}"
        if self.result is not None:
            fields[RESULT] = field(self.result)
        return fields

    @classmethod
    def read(
        cls, headers: Mapping[str, str], *, query: str, endpoint: str, result: str | None = None
    ) -> Self:
        """Read what a response says of itself; ``headers`` are looked up without regard to case.

        :param query: digest of the query that was asked.
        :param result: digest of the result as it was read, which goes before what the response says.
        """
        own = {name.lower(): value for name, value in headers.items()}
        release, _, digest = own.get(DATASET.lower(), "").partition("; ")
        dataset = DatasetVersion(release, _value(digest)) if _value(digest) else None
        return cls(
            dataset, query, result or _value(own.get(RESULT.lower(), "")) or None,
            _time(own.get("date", "")), endpoint,
        )  # fmt: skip


def now() -> datetime:
    """The present in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def field(digest: str) -> str:
    """Return a digest as the value of a header field."""
    return f"{_ALGORITHM}{digest}"


def _value(text: str) -> str:
    return text.removeprefix(_ALGORITHM) if text.startswith(_ALGORITHM) else ""


def _time(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return now()
