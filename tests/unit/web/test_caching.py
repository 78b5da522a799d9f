"""Entity tags, what is kept, content codings."""

from __future__ import annotations

import asyncio
import gzip

import brotli
import pytest
import zstandard

from polcoop.formats import CSV, JSON, Format, Representation
from polcoop.sparql.query import Query
from polcoop.sparql.telemetry import Telemetry
from polcoop.web.caching import Entry, ResultCache, entity_tag, matches, repeatable
from polcoop.web.coding import CODINGS, choose, compressed, compressing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK { ?s <http://xmlns.com/foaf/0.1/knows> ?o }", True),
        ('ASK { ?s ?p "now" FILTER(?o = "rand (South Africa)") }', False),  # costs a cache entry, no more
        ("SELECT (NOW() AS ?n) {}", False),
        ("SELECT (now #(\n () AS ?n) {}", False),
        ("SELECT * { ?s ?p ?o } ORDER BYRAND()", False),
        ("SELECT (STRUUID() AS ?n) {}", False),
        ("SELECT (uuid() AS ?n) {}", False),
        ("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", False),
        ("SELECT * { sErViCe ?x { ?s ?p ?o } }", False),
        ("SELECT (BNODE() AS ?n) { }", True),  # a blank node has no name
    ],
)
def test_what_answers_anew_each_time_is_not_kept(text: str, expected: bool) -> None:
    assert repeatable(Query.parse(text)) is expected


def test_a_tag_tells_apart_all_that_a_result_depends_on() -> None:
    query, other = Query.parse("ASK {}"), Query.parse("ASK { }")
    json, csv = Representation(JSON, JSON.media_type), Representation(CSV, CSV.media_type)
    plain = Representation(JSON, "application/json")
    asked = [
        ("1", query, json),
        ("2", query, json),
        ("1", other, json),
        ("1", query, csv),
        ("1", query, plain),
        ("1", query.with_dataset(("a:a",), ()), json),
        ("1", query.with_dataset((), ("a:a",)), json),
        ("1", query.with_dataset(("a:a", "a:b"), ()), json),
    ]
    assert len({entity_tag(*each) for each in asked}) == len(asked)
    assert entity_tag(*asked[0]) == entity_tag(*asked[0])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b'W/"a"', True),
        (b'"a"', True),
        (b'"x", W/"a"', True),
        (b'"x,W/", "b"', False),
        (b'"aa"', False),
        (b"a", False),
        (b"", False),
        (b"*", False),
    ],
)
def test_if_none_match_is_compared_weakly(header: bytes, expected: bool) -> None:
    assert matches(b'W/"a"', header) is expected


def entry(size: int) -> Entry:
    return Entry([], b'W/"a"', b"x" * size)


def key(number: int, version: str = "1") -> tuple[str, Query, str]:
    return version, Query.parse(f"ASK {{}} #{number}"), "text/csv"


def test_the_cache_keeps_to_its_budget_and_drops_what_was_used_least() -> None:
    telemetry = Telemetry()
    cache = ResultCache(80_000, telemetry)
    entries = [entry(7000) for _ in range(9)]
    for number, each in enumerate(entries):
        cache.put(key(number), each)
    assert cache.get(key(0)) is entries[0]
    for number in range(9, 12):
        cache.put(key(number), entry(7000))
    assert telemetry.cached_bytes <= 80_000
    assert telemetry.evicted == 3
    assert cache.get(key(0)) is entries[0]
    assert cache.get(key(1)) is None
    assert [each.kept for each in entries[:3]] == [True, False, False]
    cache.put(key(99), entry(10_001))
    assert cache.get(key(99)) is None
    asyncio.run(cache.coded(entries[0], "gzip"))
    assert telemetry.cached_bytes <= 80_000


def test_another_version_of_the_dataset_empties_it() -> None:
    telemetry = Telemetry()
    cache = ResultCache(80_000, telemetry)
    old = entry(10)
    cache.put(key(1), old)
    cache.put(key(1, "2"), entry(10))
    assert not old.kept
    assert cache.get(key(1)) is None
    assert telemetry.cached_results == 1


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP;q=0.5, br;q=0.1", "gzip"),
        ("gzip;q=0", None),
        ("br; q=0.5, identity", None),
        ("identity;q=0, gzip;q=0.2", "gzip"),
        ("*", None),
        ("deflate", None),
        ("gzip;q=nonsense", None),
    ],
)
def test_the_coding_is_the_one_that_is_liked_best(accepted: str, expected: str | None) -> None:
    assert choose(accepted) == expected


DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("form", [JSON, CSV])
def test_every_coding_decodes_to_the_same_bytes(name: str, form: Format) -> None:
    pieces = [f"{form.name} {number}\r\n".encode() * 500 for number in range(20)]

    async def run() -> tuple[bytes, list[bytes]]:
        async def chunks():  # type: ignore[no-untyped-def]
            for piece in pieces:
                yield piece

        return await compressed(b"".join(pieces), name), [part async for part in compressing(chunks(), name)]

    whole, parts = asyncio.run(run())
    assert DECODERS[name](whole) == DECODERS[name](b"".join(parts)) == b"".join(pieces)
    # Nothing is kept back: each piece can be read when it comes.
    assert all(parts[:-1])
