"""Results in JSON, read piece by piece."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcoop.errors import ParseError
from polcoop.solutions import Reader
from polcoop.values import from_json

RESULT = {
    "head": {"vars": ["a", "b"]},
    "results": {
        "bindings": [
            {"a": {"type": "uri", "value": "http://example.org/é"}},
            {
                "a": {"type": "literal", "value": "x", "xml:lang": "fr"},
                "b": {"type": "literal", "value": '"'},
            },
            {},
        ]
    },
}
ROWS = [("http://example.org/é", None), ("x", '"'), (None, None)]


def read(content: bytes, cuts: list[int]) -> tuple[Reader[Any], list[Any]]:
    reader = Reader(from_json)
    rows, start = [], 0
    for cut in [*sorted(cuts), len(content)]:
        rows += reader.feed(content[start:cut])
        start = cut
    return reader, rows + reader.close()


@given(st.lists(st.integers(0, 300)), st.booleans())
def test_where_the_bytes_are_cut_makes_no_difference(cuts: list[int], head_last: bool) -> None:
    document = dict(reversed(RESULT.items())) if head_last else RESULT
    reader, rows = read(json.dumps(document, ensure_ascii=False).encode(), cuts)
    assert reader.variables == ("a", "b")
    assert rows == ROWS


def test_rows_come_before_the_end() -> None:
    content = json.dumps(RESULT).encode()
    reader = Reader(from_json)
    assert reader.feed(content[:-60]) == ROWS[:1]
    assert reader.variables == ("a", "b")


@pytest.mark.parametrize("answer", [True, False])
def test_a_truth_value(answer: bool) -> None:
    reader, rows = read(json.dumps({"head": {}, "boolean": answer}).encode(), [3])
    assert (reader.boolean, reader.variables, rows) == (answer, None, [])


@pytest.mark.parametrize("keep", [10, 40, 120, -1])
def test_a_result_that_is_broken_off_is_no_result(keep: int) -> None:
    content = json.dumps(RESULT).encode()
    with pytest.raises(ParseError):
        read(content[:keep], [])


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"[]", b"{}", b'{"head": {"vars": ["a"]}, "results": {"bindings": [{"a": {"type": "?"}}]}}'],
)
def test_what_is_no_result_is_told(content: bytes) -> None:
    with pytest.raises(ParseError, match="not a SPARQL result"):
        read(content, [])
