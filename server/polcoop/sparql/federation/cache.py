"""Answers of remote endpoints on disk, for a while: one SQLite file, shared by the processes of a machine."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from polcoop.sparql.federation.source import Answer, Budget, Request, Source

_log: Final = logging.getLogger(__name__)
_TABLE: Final = """CREATE TABLE IF NOT EXISTS answer
    (key TEXT PRIMARY KEY, expires REAL NOT NULL, content BLOB NOT NULL) WITHOUT ROWID"""
_WAIT: Final = 5.0


class Cache:
    """A source that remembers what another one answered.

    ``lifetime`` in seconds; ``size`` bounds the compressed answers in bytes: those that expire first go.
    A cache that cannot be used is said so in the log and passed over: answers matter more.
    """

    def __init__(self, inner: Source, path: Path, *, lifetime: float, size: int = 256 << 20) -> None:
        self._inner, self._path, self._lifetime, self._size = inner, path, lifetime, size

    async def answer(self, request: Request, budget: Budget) -> Answer:
        """Answer from the file, else from the source behind it."""
        key = hashlib.sha256(f"{request.endpoint}\n{request.query}".encode()).hexdigest()
        content = await asyncio.to_thread(self._get, key)
        if content is not None:
            budget.take(len(content))
            return Answer(content, cached=True)
        answer = await self._inner.answer(request, budget)
        await asyncio.to_thread(self._put, key, answer.content)
        return answer

    def _get(self, key: str) -> bytes | None:
        question = "SELECT content FROM answer WHERE key = ? AND expires > ?"
        try:
            with self._open() as database:
                row = database.execute(question, (key, time.time())).fetchone()
            return zlib.decompress(row[0]) if row else None
        except (sqlite3.Error, OSError, zlib.error) as error:
            _log.warning("the cache %s cannot be read: %s", self._path, error)
            return None

    def _put(self, key: str, content: bytes) -> None:
        now = time.time()
        packed = zlib.compress(content)
        try:
            with self._open() as database, database:
                database.execute("DELETE FROM answer WHERE expires <= ?", (now,))
                row = (key, now + self._lifetime, packed)
                database.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", row)
                self._shrink(database)
        except (sqlite3.Error, OSError) as error:
            _log.warning("the cache %s cannot be written: %s", self._path, error)

    def _shrink(self, database: sqlite3.Connection) -> None:
        total = database.execute("SELECT SUM(LENGTH(content)) FROM answer").fetchone()[0]
        oldest = "SELECT key, LENGTH(content) FROM answer ORDER BY expires"
        for key, length in database.execute(oldest).fetchall() if total > self._size else ():
            if total <= self._size:
                break
            database.execute("DELETE FROM answer WHERE key = ?", (key,))
            total -= length

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_WAIT)) as database:
            database.execute(_TABLE)
            yield database
