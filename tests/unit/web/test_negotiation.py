"""Content negotiation (RFC 9110, 12.5.1) against a plain reading of the rules."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcoop.errors import NotAcceptable, UsageError
from polcoop.formats import (
    BOOLEAN,
    CSV,
    GRAPH,
    JSON,
    JSONLD,
    NTRIPLES,
    RDFXML,
    SOLUTIONS,
    TSV,
    TURTLE,
    XML,
    Format,
    by_name,
    negotiate,
)


@pytest.mark.parametrize(
    ("accept", "chosen", "media_type"),
    [
        (None, JSON, "application/sparql-results+json"),
        ("", JSON, "application/sparql-results+json"),
        ("*/*", JSON, "application/sparql-results+json"),
        ("application/*", JSON, "application/sparql-results+json"),
        ("application/json", JSON, "application/json"),
        ("text/*", XML, "text/xml"),
        ("text/csv;q=0.5, text/tab-separated-values", TSV, "text/tab-separated-values"),
        ("text/csv, */*", CSV, "text/csv"),
        ("TEXT/CSV ; Q=1.000 , application/json;q=0.999", CSV, "text/csv"),
        ("application/sparql-results+xml;charset=utf-8", XML, "application/sparql-results+xml"),
        ('text/csv;note="a, b;q=0", image/png', CSV, "text/csv"),
        ("application/sparql-results+json;q=0, application/json;q=0, */*;q=0.1", XML, XML.media_type),
        ("text/csv;q=1.5, text/tab-separated-values;q=0.1", TSV, "text/tab-separated-values"),
        ("nonsense, ;;;, text/csv", CSV, "text/csv"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
            XML,
            "application/xml",
        ),
    ],
)
def test_examples(accept: str | None, chosen: Format, media_type: str) -> None:
    found = negotiate(accept, SOLUTIONS)
    assert (found.format, found.media_type) == (chosen, media_type)


@pytest.mark.parametrize(
    "accept", ["text/turtle", "image/*", "*/*;q=0", "text/csv;q=0", "rubbish", "text/csv;q=x"]
)
def test_nothing_acceptable_is_said_with_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptable) as raised:
        negotiate(accept, SOLUTIONS)
    assert "text/csv" in (raised.value.hint or "")


types = st.sampled_from(
    [
        *(t for f in (*SOLUTIONS, *GRAPH) for t in f.media_types),
        "*/*",
        "text/*",
        "application/*",
        "image/png",
        "image/*",
    ]
)
qualities = st.integers(0, 1000).map(lambda thousandths: f"{thousandths / 1000:.3f}")
ranges = st.lists(st.tuples(types, qualities), min_size=1, max_size=6, unique_by=lambda member: member[0])
offers = st.sampled_from([SOLUTIONS, BOOLEAN, GRAPH])


def quality(media_type: str, members: list[tuple[str, str]]) -> float:
    """The rule, word by word: the most specific range that matches decides."""
    given_ = dict(members)
    for pattern in (media_type, media_type.split("/", maxsplit=1)[0] + "/*", "*/*"):
        if pattern in given_:
            return float(given_[pattern])
    return 0.0


@given(members=ranges, offered=offers, space=st.sampled_from(["", " ", "\t "]))
def test_nothing_better_was_on_offer(
    members: list[tuple[str, str]], offered: tuple[Format, ...], space: str
) -> None:
    accept = f"{space},{space}".join(f"{kind}{space};{space}q={q}" for kind, q in members)
    best = max(quality(media_type, members) for choice in offered for media_type in choice.media_types)
    if best == 0:
        with pytest.raises(NotAcceptable):
            negotiate(accept, offered)
        return
    found = negotiate(accept, offered)
    assert found.format in offered
    assert found.media_type in found.format.media_types
    assert quality(found.media_type, members) == best
    shuffled = ",".join(f"{kind};q={q}" for kind, q in reversed(members))
    assert negotiate(shuffled, offered) == found


@given(st.text(max_size=200))
def test_no_header_breaks_it(accept: str) -> None:
    with contextlib.suppress(NotAcceptable):
        assert negotiate(accept, SOLUTIONS).format in SOLUTIONS


@pytest.mark.parametrize(
    ("name", "offered", "chosen"),
    [
        ("json", SOLUTIONS, JSON),
        ("json", GRAPH, JSONLD),
        ("xml", BOOLEAN, XML),
        ("xml", GRAPH, RDFXML),
        ("TTL", GRAPH, TURTLE),
        ("application/n-triples", GRAPH, NTRIPLES),
    ],
)
def test_a_format_by_its_name(name: str, offered: tuple[Format, ...], chosen: Format) -> None:
    assert by_name(name, offered).format is chosen


def test_a_format_that_is_not_there() -> None:
    with pytest.raises(NotAcceptable, match="'csv'"):
        by_name("csv", BOOLEAN)
    with pytest.raises(UsageError, match="no such result format"):
        by_name("yaml", SOLUTIONS)


def test_text_types_name_their_charset() -> None:
    assert negotiate("text/csv", SOLUTIONS).content_type == "text/csv; charset=utf-8"
    assert negotiate("text/turtle", GRAPH).content_type == "text/turtle; charset=utf-8"
    assert negotiate(None, SOLUTIONS).content_type == "application/sparql-results+json"
