"""Stored queries: texts under names made of their content, in a folder or in memory, and never too many."""

from __future__ import annotations

import os
import re
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Final

from polcoop.citation.digests import canonical_query, query_digest
from polcoop.errors import QueryTooLarge, ShelfFull, SourceError

ID_LENGTH: Final = 24
"""Characters of the query's digest that make its name: 96 bits.  Who finds two texts of one name finds that
the first one stays."""

_ID: Final = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
_SUFFIX: Final = ".rq"


def query_id(text: str) -> str:
    """Return the name under which a query is stored."""
    return query_digest(text)[:ID_LENGTH]


class Shelf:
    """At most ``most`` texts of at most ``longest`` bytes each.

    In a folder they stay, and when it is full no more are taken; in memory (``folder`` None) the one that was
    longest not asked for makes room, and all go when the process ends.
    """

    def __init__(self, folder: Path | None, *, most: int, longest: int) -> None:
        """:raises SourceError: the folder cannot be made or written to."""
        self._folder, self._most, self._longest = folder, most, longest
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._count = 0
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
                self._count = sum(1 for _ in folder.glob(f"*{_SUFFIX}"))
            except OSError as error:
                raise SourceError(f"queries cannot be stored in {folder}: {error.strerror}") from error

    @property
    def lasting(self) -> bool:
        """Whether what is stored outlives this process."""
        return self._folder is not None

    def put(self, text: str) -> str:
        """Store a query and return its name; one that is there already is stored once.

        :raises QueryTooLarge: it is too long.
        :raises ShelfFull: the folder is full, or cannot be written to.
        """
        name, text = query_id(text), canonical_query(text)
        if (size := len(text.encode())) > self._longest:
            raise QueryTooLarge(f"a stored query has at most {self._longest:,} bytes; this one has {size:,}")
        if self.get(name) is None:
            if self._folder is None:
                self._remember(name, text)
            else:
                self._write(self._folder, name, text)
        return name

    def get(self, name: str) -> str | None:
        """Return the query of this name, or None."""
        if not _ID.fullmatch(name):
            return None
        if self._folder is None:
            if name in self._texts:
                self._texts.move_to_end(name)
            return self._texts.get(name)
        try:
            return (self._folder / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def _remember(self, name: str, text: str) -> None:
        self._texts[name] = text
        if len(self._texts) > self._most:
            self._texts.popitem(last=False)

    def _write(self, folder: Path, name: str, text: str) -> None:
        if self._count >= self._most:
            raise ShelfFull(f"{self._most:,} queries are stored here, and no more can be")
        try:
            number, partial = tempfile.mkstemp(prefix=".partial-", dir=folder)
            with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(partial).replace(folder / f"{name}{_SUFFIX}")
        except OSError as error:
            raise ShelfFull(f"the query cannot be stored: {error.strerror}") from error
        self._count += 1
