"""Results that are kept: their entity tags, and a cache of their bytes in every content coding."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from polcoop.formats import Representation
from polcoop.sparql.query import Query
from polcoop.sparql.telemetry import Telemetry
from polcoop.web import coding

Headers = list[tuple[bytes, bytes]]

_OVERHEAD: Final = 1024
"""Bytes that an entry takes beside its content, about."""
_LARGEST_PART: Final = 8
"""No result takes more than this part of the cache."""
_TAG: Final = re.compile(rb'(?:W/)?("[^"]*")')

# NOW, RAND, UUID and STRUUID answer anew each time; a call of them anywhere, be it in a comment, counts, and
# so does any codepoint escape.
_VOLATILE: Final = re.compile(r"(?:NOW|RAND|UUID)(?:\s|\#[^\r\n]*+)*+\(|\\u", re.IGNORECASE)


def repeatable(query: Query) -> bool:
    """Whether the same query over the same dataset has the same result: it asks neither the clock, nor
    chance, nor another endpoint."""
    return _VOLATILE.search(query.text) is None and not query.mentions_service


def entity_tag(version: str, query: Query, representation: Representation) -> bytes:
    """Return the ETag of a result (RFC 9110, 8.8.3).

    It is known before the query has run: dataset version, query, its dataset and media type make the result.
    Weak, since blank node labels and the order of rows may differ, and for all content codings.
    """
    parts = (version, query.text, representation.media_type, repr((query.default_graphs, query.named_graphs)))
    digest = blake2b("\0".join(parts).encode(), digest_size=15).hexdigest()
    return b'W/"%s"' % digest.encode()


def matches(tag: bytes, if_none_match: bytes) -> bool:
    """Whether an If-None-Match header names ``tag``, compared weakly (RFC 9110, 13.1.2)."""
    return tag[2:] in _TAG.findall(if_none_match)


@dataclass(slots=True, eq=False)
class Entry:
    """A result that is kept: its headers (those that all codings share), its bytes, and these in the codings
    that were asked for."""

    headers: Headers
    tag: bytes
    plain: bytes
    coded: dict[str, bytes] = field(default_factory=dict)
    kept: bool = False
    """Whether it is still in the cache."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return _OVERHEAD + len(self.plain) + sum(map(len, self.coded.values()))

    def body(self, name: str | None) -> bytes | None:
        """The bytes in the coding ``name``, if they are there."""
        return self.plain if name is None else self.coded.get(name)


Key = tuple[str, Query, str]


class ResultCache:
    """The most recently used results, of one version of the dataset, up to a number of bytes."""

    def __init__(self, budget: int, telemetry: Telemetry) -> None:
        self._budget, self._telemetry = budget, telemetry
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._version = ""
        self._size = 0

    @property
    def largest(self) -> int:
        """The most bytes that a result may have to be kept."""
        return self._budget // _LARGEST_PART

    def get(self, key: Key) -> Entry | None:
        """Look up a result."""
        entry = self._entries.get(key)
        if entry is None:
            self._telemetry.misses += 1
            return None
        self._entries.move_to_end(key)
        self._telemetry.hits += 1
        return entry

    def put(self, key: Key, entry: Entry) -> None:
        """Keep a result, unless it is too large; results of another version of the dataset go."""
        if key[0] != self._version:
            self._version = key[0]
            while self._entries:
                self._drop()
        if len(entry.plain) > self.largest or key in self._entries:
            return
        entry.kept = True
        self._entries[key] = entry
        self._grown(entry.size)

    async def coded(self, entry: Entry, name: str | None) -> bytes:
        """Return the bytes of ``entry`` in a coding, and keep them with it."""
        body = entry.body(name)
        if body is None and name is not None:
            body = await coding.compressed(entry.plain, name)
            if name not in entry.coded:
                entry.coded[name] = body
                if entry.kept:
                    self._grown(len(body))
        return body or b""

    def _grown(self, size: int) -> None:
        self._size += size
        while self._size > self._budget:
            self._drop()
            self._telemetry.evicted += 1
        self._telemetry.cached_results, self._telemetry.cached_bytes = len(self._entries), self._size

    def _drop(self) -> None:
        _, entry = self._entries.popitem(last=False)
        entry.kept = False
        self._size -= entry.size
