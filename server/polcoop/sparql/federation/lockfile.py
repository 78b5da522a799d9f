"""The federation lockfile: the remote answers that a query used, so that it can be answered without them.

A JSON file with one entry a request, in the order of endpoint and query, the rows of each answer in the order
of their text: the same answers make the same file, and different ones a short diff.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from polcoop.errors import NotRecorded, ParseError, RemoteFailure, SourceError
from polcoop.sparql.federation.source import Answer, Budget, Request, Source

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer: when it was given (UTC, ISO 8601), its results or why there were none, and their hash."""

    endpoint: str
    query: str
    time: str
    sha256: str
    results: dict[str, Any] | None
    failure: str | None

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of the results, each as one line of JSON."""
        return tuple(_line(row) for row in self.results["results"]["bindings"]) if self.results else ()


class Lockfile:
    """The entries by request."""

    def __init__(self, entries: dict[Request, Entry] | None = None, name: str = "the lockfile") -> None:
        self.entries = entries or {}
        self.name = name

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a lockfile and check its hashes.

        :raises SourceError: it cannot be read.
        :raises ParseError: it is no lockfile, or was changed by hand.
        """
        try:
            document = json.loads(path.read_bytes())
            if document["version"] != _VERSION:
                raise ParseError("a lockfile of another version", source=str(path))
            entries = [Entry(**entry) for entry in document["answers"]]
            for entry in entries:
                if entry.sha256 != _hash(entry.results, entry.failure):
                    raise ParseError(
                        f"an answer of <{entry.endpoint}> does not have the hash that stands beside it",
                        source=str(path),
                        hint="record it again, or bring back the file as it was",
                    )
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ParseError(f"not a federation lockfile: {error}", source=str(path)) from error
        return cls({Request(entry.endpoint, entry.query): entry for entry in entries}, str(path))

    def save(self, path: Path) -> None:
        """Write the file, at once or not at all.

        :raises SourceError: it cannot be written.
        """
        entries = sorted(self.entries.values(), key=lambda entry: (entry.endpoint, entry.query))
        document = {"version": _VERSION, "answers": [asdict(entry) for entry in entries]}
        text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
        try:
            part = path.with_name(f"{path.name}.part")
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise SourceError(f"{path} cannot be written: {error.strerror}") from error

    def drift(self, newer: Lockfile) -> Iterator[str]:
        """What differs in the newer answers, line by line: the request, then rows gone (-) and come (+)."""
        for request in sorted(self.entries | newer.entries, key=lambda each: (each.endpoint, each.query)):
            old, new = self.entries.get(request), newer.entries.get(request)
            if old and new and old.sha256 == new.sha256:
                continue
            state = "" if old and new else (" (asked no more)" if old else " (not asked before)")
            yield f"<{request.endpoint}>{state} {' '.join(request.query.split())[:200]}"
            before, after = _lines(old), _lines(new)
            yield from (f"- {line}" for line in sorted((before - after).elements()))
            yield from (f"+ {line}" for line in sorted((after - before).elements()))


def _lines(entry: Entry | None) -> Counter[str]:
    if entry is None:
        return Counter()
    return Counter([f"failure: {entry.failure}"] if entry.failure else entry.rows)


class Recorder:
    """A source that notes in a lockfile what another one answers.  ``now`` tells the time as text."""

    def __init__(self, inner: Source, lockfile: Lockfile, now: Callable[[], str]) -> None:
        self._inner, self._lockfile, self._now = inner, lockfile, now

    async def answer(self, request: Request, budget: Budget) -> Answer:
        """Ask the other source and note its answer, or its failure."""
        try:
            answer = await self._inner.answer(request, budget)
        except RemoteFailure as error:
            self._note(request, None, error.detail)
            raise
        try:
            results = _canonical(json.loads(answer.content))
            _hash(results, None)  # a text that is not Unicode fails here
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._note(request, None, "the answer was no result in JSON")
        else:
            self._note(request, results, None)
        return answer

    def _note(self, request: Request, results: dict[str, Any] | None, failure: str | None) -> None:
        hashed = _hash(results, failure)
        entry = Entry(request.endpoint, request.query, self._now(), hashed, results, failure)
        self._lockfile.entries[request] = entry


class Replay:
    """The source that is a lockfile: nothing is asked over the network."""

    def __init__(self, lockfile: Lockfile) -> None:
        self._lockfile = lockfile

    async def answer(self, request: Request, budget: Budget) -> Answer:
        """Return what was recorded.

        :raises NotRecorded: nothing was.
        :raises RemoteFailure: a failure was.
        """
        entry = self._lockfile.entries.get(request)
        if entry is None:
            raise NotRecorded(
                f"{self._lockfile.name} has no answer of <{request.endpoint}> to what this query asks it",
                hint="the query or the local data have changed since: record again with --record",
            )
        if entry.results is None:
            raise RemoteFailure(f"recorded: {entry.failure}")
        content = json.dumps(entry.results).encode()
        budget.take(len(content))
        return Answer(content, cached=True)


def _canonical(document: dict[str, Any]) -> dict[str, Any]:
    """Results without what is not theirs (``link``), their rows in the order of their text."""
    rows = sorted(document["results"]["bindings"], key=_line)
    return {"head": {"vars": list(document["head"]["vars"])}, "results": {"bindings": rows}}


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _hash(results: dict[str, Any] | None, failure: str | None) -> str:
    return hashlib.sha256(_line([results, failure]).encode()).hexdigest()
