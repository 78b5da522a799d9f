"""Content codings: gzip, Brotli and Zstandard, as the client asks (RFC 9110, 12.5.3; RFC 7932; RFC 8878)."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Final

import brotli
import zstandard

LEAST: Final = 1000
"""Bytes below which compressing is not worth its header."""
_MANY: Final = 16_384
"""Bytes above which compressing is done in a thread, so that others get their turn."""
_GZIP_LEVEL: Final = 5
_GZIP_WINDOW: Final = 31
_BROTLI_QUALITY: Final = 4
_ZSTD_LEVEL: Final = 3

Feed = Callable[[bytes], bytes]


def _compressor(coding: str) -> tuple[Feed, Feed]:
    """Return what takes a piece and gives all that can be read of it, and what takes the last piece.

    Compressors keep back much, and a client would wait long for the first rows of a result.
    """
    if coding == "br":
        brotli_one = brotli.Compressor(quality=_BROTLI_QUALITY)
        return (
            lambda data: brotli_one.process(data) + brotli_one.flush(),
            lambda data: brotli_one.process(data) + brotli_one.finish(),
        )
    if coding == "zstd":
        zstd_one = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
        return (
            lambda data: zstd_one.compress(data) + zstd_one.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK),
            lambda data: zstd_one.compress(data) + zstd_one.flush(),
        )
    gzip_one = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return (
        lambda data: gzip_one.compress(data) + gzip_one.flush(zlib.Z_SYNC_FLUSH),
        lambda data: gzip_one.compress(data) + gzip_one.flush(),
    )


CODINGS: Final = ("zstd", "br", "gzip")
"""In order of preference, where the client likes them equally: the quickest first."""


@lru_cache(maxsize=256)
def choose(accepted: str) -> str | None:
    """Choose a coding by an Accept-Encoding header, or none at all.

    A coding that the header does not name is not used, even where ``*`` would allow it.
    """
    liked: dict[str, float] = {}
    for member in accepted.split(","):
        name, _, parameters = member.partition(";")
        liked[name.strip().lower()] = _quality(parameters)
    liked["gzip"] = max(liked.get("gzip", 0.0), liked.get("x-gzip", 0.0))
    best = max(CODINGS, key=lambda coding: liked.get(coding, 0.0))
    # Who prefers the plain bytes gets them.
    return best if liked.get(best, 0.0) > 0 and liked[best] >= liked.get("identity", 0.0) else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _whole(data: bytes, coding: str) -> bytes:
    return _compressor(coding)[1](data)


async def compressed(data: bytes, coding: str) -> bytes:
    """Return ``data`` in ``coding``."""
    return await asyncio.to_thread(_whole, data, coding) if len(data) > _MANY else _whole(data, coding)


async def compressing(chunks: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    """Yield ``chunks`` in ``coding`` as they come; a stream that breaks off has no end in any coding."""
    feed, finish = _compressor(coding)
    async for chunk in chunks:
        yield await asyncio.to_thread(feed, chunk)
    yield finish(b"")
