"""The layout of Turtle files: the same triples, the same comments, and nothing left to change the second
time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat

from polcoop.errors import ParseError
from polcoop.sources.formatting import WIDTH, format_turtle
from polcoop.sources.turtle import parse_quads

PREFIX = "@prefix ex: <http://example.org/> .\n"


def _triples(text: str) -> Dataset:
    dataset = Dataset(parse_quads(text.encode(), RdfFormat.TURTLE, "test"))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def test_the_layout() -> None:
    text = """# About the file

@prefix ex: <http://example.org/> . # here
PREFIX x: <http://x/>
# about a
ex:a a ex:C; ex:label "un"@fr,"one"@en ; # both
 # next
 ex:p ex:b,ex:c ; # inline
 ex:q [ ex:start 1; ex:end 2 ], ( 1 2 ) ;; ex:r [ ex:s 1 # inside
 ] .
ex:b ex:p 5.

# end"""
    assert (
        format_turtle(text, "test")
        == """# About the file

@prefix ex: <http://example.org/> .  # here
PREFIX x: <http://x/>

# about a
ex:a
    a ex:C ;
    ex:label
        "un"@fr ,
        "one"@en ;  # both
    # next
    ex:p ex:b , ex:c ;  # inline
    ex:q [ ex:start 1 ; ex:end 2 ] , ( 1 2 ) ;
    ex:r [
        ex:s 1  # inside
    ] .

ex:b
    ex:p 5 .

# end
"""
    )


def test_long_lists_of_objects_stand_one_a_line() -> None:
    objects = [f"ex:{'o' * 20}{number}" for number in range(8)]
    result = format_turtle(f"{PREFIX}ex:a ex:p {','.join(objects)} .", "test")
    assert [line.strip(" ,.") for line in result.splitlines()[-8:]] == objects
    assert all(len(line) <= WIDTH for line in result.splitlines())


def test_a_blank_line_between_comments_stays() -> None:
    text = f"{PREFIX}\n# one\n\n# two\nex:a\n    ex:p 1 .\n"
    assert format_turtle(text, "test") == text


@pytest.mark.parametrize("text", ["", "\n\n", "# only this\n"])
def test_a_file_without_statements(text: str) -> None:
    assert format_turtle(text, "test") == text.lstrip()


def test_malformed_turtle_is_refused_with_its_place() -> None:
    with pytest.raises(ParseError) as caught:
        format_turtle("@prefix ex: <http://example.org/> .\nex:a ex:p é:o .", "file.ttl")
    assert str(caught.value).startswith("file.ttl:2:11: ")


_NAMES = st.sampled_from(["ex:a", "ex:b.c", "ex:d-e", "<http://example.org/f>", "_:g", r"ex:h\,i", "ex:%20j"])
_LITERALS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters='"\\\r\n'), max_size=8).map('"{}"'.format),
    st.sampled_from(['"x"@fr', "'y'", '"""a\n"b" # no comment"""', "'''c''d'''", r'"e\"f\n"']),
    st.sampled_from(['"5"^^ex:t', '"6" ^^ <http://t/>']),
    st.sampled_from(["1", "-2", "+3.5", ".5", "1e3", "true", "false"]),
)  # fmt: skip
_GAPS = st.sampled_from([" ", "\n", "\t", "\n\n", " # c1\n", "\n# c2\n", "\n\n # c3\n\n# c4\n"])


@st.composite
def _node(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.sampled_from(["name", "literal", "list", "blank"])) if depth else "name"
    if kind == "list":
        items = [draw(_node(depth - 1)) + draw(_GAPS) for _ in range(draw(st.integers(0, 3)))]
        return f"({draw(_GAPS)}{''.join(items)})"
    if kind == "blank":
        return f"[{draw(_GAPS)}{draw(_properties(depth - 1)) if draw(st.booleans()) else ''}]"
    return draw(_LITERALS if kind == "literal" else _NAMES)


@st.composite
def _properties(draw: st.DrawFn, depth: int = 2) -> str:
    text = ""
    for number in range(draw(st.integers(1, 3))):
        objects = f"{draw(_GAPS)},{draw(_GAPS)}".join(
            draw(_node(depth)) for _ in range(draw(st.integers(1, 3)))
        )
        separator = f"{draw(st.sampled_from([';', ';;']))}{draw(_GAPS)}" if number else ""
        text += f"{separator}{draw(st.sampled_from(['a', 'ex:p', '<http://q/>']))}{draw(_GAPS)}{objects}{draw(_GAPS)}"
    return text


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Turtle with everything in it: comments anywhere, all kinds of literals, nested nodes."""
    text = f"{draw(_GAPS)}{PREFIX}"
    for _ in range(draw(st.integers(0, 3))):
        subject = draw(st.one_of(_NAMES, st.just("[]"), st.just("(1)"), st.just("[ ex:p 1 ]")))
        text += f"{subject}{draw(_GAPS)}{draw(_properties())}.{draw(_GAPS)}"
    return text


@given(documents())
@settings(max_examples=200)
def test_nothing_is_lost_and_a_second_time_changes_nothing(text: str) -> None:
    result = format_turtle(text, "test")
    assert _triples(result) == _triples(text)
    for comment in ("# c1", "# c2", "# c3", "# c4"):
        assert result.count(comment) == text.count(comment)
    assert format_turtle(result, "test") == result


def test_blank_nodes_that_look_alike_take_no_longer_than_others() -> None:
    """Twelve that all lead to each other: names that do not depend on their order (RDFC-1.0) take hours."""
    names = [f"_:b{number}" for number in range(12)]
    pairs = [(a, b) for a in names for b in names if a != b]
    text = "\n\n".join(f"{a}\n    <urn:p> {b} ." for a, b in pairs) + "\n"
    assert format_turtle(text, "test") == text
    assert format_turtle(text.replace("\n    ", " "), "test") == text
