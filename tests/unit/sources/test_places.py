"""The place of every triple, in every syntax that has lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat

from polcoop.errors import ParseError
from polcoop.iris import PREFIXES
from polcoop.sources.places import Place, Span, places
from polcoop.sources.turtle import parse_quads, read_located, to_graph


def cut(text: str, span: Span) -> str:
    """The text of a span."""
    lines = text.split("\n")[span.start.line - 1 : span.end.line]
    lines[-1] = lines[-1][: span.end.column - 1]
    lines[0] = lines[0][span.start.column - 1 :]
    return "\n".join(lines)


def spelt(text: str, file_format: RdfFormat = RdfFormat.TURTLE) -> list[tuple[str, str, str]]:
    """Subject, predicate and object of each triple as they are spelt at their places."""
    quads = parse_quads(text.encode(), file_format, "test", base="https://base.example/d/x")
    found = []
    for place in places(text, file_format, quads):
        assert place is not None
        found.append((cut(text, place.subject), cut(text, place.predicate), cut(text, place.object)))
    return found


def start(place: Place | None, role: str) -> tuple[int, int]:
    assert place is not None
    span: Span = getattr(place, role)
    return span.start.line, span.start.column


def test_turtle_with_object_lists_long_strings_comments_and_prefixed_names() -> None:
    text = (
        "@prefix ex: <https://e.example/> . # one ; two\n"
        'ex:a a ex:T ;\n  ex:p "é" , # not "this"\n    """two\nlines . ; ] """@en ,\n'
        "   1.5 ;\n  ex:q ex:b\\,c .\n"
    )
    assert spelt(text) == [
        ("ex:a", "a", "ex:T"),
        ("ex:a", "ex:p", '"é"'),
        ("ex:a", "ex:p", '"""two\nlines . ; ] """@en'),
        ("ex:a", "ex:p", "1.5"),
        ("ex:a", "ex:q", "ex:b\\,c"),
    ]
    quads = parse_quads(text.encode(), RdfFormat.TURTLE, "test")
    found = places(text, RdfFormat.TURTLE, quads)
    assert [start(place, "object") for place in found] == [(2, 8), (3, 8), (4, 5), (6, 4), (7, 8)]


def test_blank_nodes_and_lists_have_places_of_their_own() -> None:
    text = '<a:a> <a:p> [ <a:q> "x" ] ,\n [ <a:q> "x" ] ; <a:l> ( "1"\n ( 2 ) [] ) .\n[ <a:r> 3 ] .'
    quads = parse_quads(text.encode(), RdfFormat.TURTLE, "test")
    placed = dict(zip(map(str, quads), places(text, RdfFormat.TURTLE, quads), strict=True))
    inner = [p for q, p in placed.items() if "<a:q>" in q]
    assert [start(place, "subject") for place in inner] == [(1, 13), (2, 2)]
    assert [start(place, "object") for place in inner] == [(1, 21), (2, 10)]
    firsts = [start(p, "object") for q, p in placed.items() if "#first" in q]
    assert sorted(firsts) == [(2, 26), (3, 2), (3, 4), (3, 8)]
    assert [start(p, "subject") for q, p in placed.items() if "<a:r>" in q] == [(4, 1)]


def test_trig_names_of_graphs_are_no_statements() -> None:
    text = (
        "PREFIX ex: <https://e.example/>\n"
        "ex:a ex:p 1 . GRAPH ex:g { ex:c ex:p 1 , 2 . ex:d ex:p [ ex:q 3 ] }\n"
        "ex:h { [ ex:q 4 ] } { ex:i ex:p 5 . } _:b { ex:i ex:p 6 } [] { ex:i ex:p 7 }"
    )
    assert [thing for _, _, thing in spelt(text, RdfFormat.TRIG)] == [
        "1", "1", "2", "3", "[ ex:q 3 ]", "4", "5", "6", "7",
    ]  # fmt: skip


@pytest.mark.parametrize("file_format", [RdfFormat.N_TRIPLES, RdfFormat.N_QUADS])
def test_line_based_syntaxes(file_format: RdfFormat) -> None:
    graph = " <g:g>" if file_format == RdfFormat.N_QUADS else ""
    text = f'<a:a> <a:p> "x . # y"@en{graph} . # c\n\n_:b <a:q> "1"^^<a:t>{graph} .\n'
    assert spelt(text, file_format) == [
        ("<a:a>", "<a:p>", '"x . # y"@en'),
        ("_:b", "<a:q>", '"1"^^<a:t>'),
    ]


JSON = """{"@context": {"ex": "https://e.example/", "name": "ex:name", "@vocab": "https://v.example/",
   "knows": {"@id": "ex:knows", "@type": "@id"}},
 "@graph": [
  {"@id": "ex:a", "@type": "ex:T",
   "name": "A \\"nn\\"", "age": 5,
   "knows": ["ex:b",
     {"name": "nameless"}, "rel"]},
  {"@id": "https://e.example/b",
   "ex:l": {"@value": "v", "@language": "en"}, "flag": true, "n": 1.5},
  {"name": "other"}]}"""


def test_json_ld_by_its_own_context() -> None:
    quads = parse_quads(JSON.encode(), RdfFormat.JSON_LD, "test", base="https://base.example/d/x")
    found = {}
    for quad, place in zip(quads, places(JSON, RdfFormat.JSON_LD, quads), strict=True):
        found[quad.predicate.value.rpartition("/")[2], str(getattr(quad.object, "value", ""))] = place
    assert start(found["22-rdf-syntax-ns#type", "https://e.example/T"], "object") == (4, 28)
    assert start(found["name", 'A "nn"'], "object") == (5, 12)
    assert start(found["age", "5"], "predicate") == (5, 24)
    assert start(found["knows", "https://e.example/b"], "object") == (6, 14)
    assert start(found["name", "nameless"], "subject") == (7, 6)
    assert start(found["knows", "https://base.example/d/rel"], "object") == (7, 28)
    assert start(found["l", "v"], "object") == (9, 23)
    assert start(found["flag", "true"], "object") == (9, 56)
    assert start(found["name", "other"], "subject") == (10, 3)
    assert start(found["n", "1.5E0"], "object") == (9, 67)


CONTAINERS = """{"@context": {"ex": "https://e.example/",
   "i": {"@id": "ex:i", "@container": ["@index", "@set"]}, "l": {"@id": "ex:l", "@container": "@list"},
   "t": {"@id": "ex:t", "@container": "@language"},
   "m": {"@id": "ex:m", "@container": "@id"}, "o": "ex:o", "d": "ex:d"},
 "@id": "ex:a",
 "t": {"en": "one",
   "fr": ["deux", "trois"]},
 "l": [1,
   "x"],
 "i": {"first": "y",
   "second": [{"o": 7}]},
 "m": {"ex:b": {
   "o": "z"}},
 "o": [-0.125, 1e2,
   3.0]}"""


def test_json_ld_in_containers_and_numbers_in_any_form() -> None:
    quads = parse_quads(CONTAINERS.encode(), RdfFormat.JSON_LD, "test")
    found = {}
    for quad, place in zip(quads, places(CONTAINERS, RdfFormat.JSON_LD, quads), strict=True):
        if not isinstance(quad.object, BlankNode) and quad.predicate.value != f"{PREFIXES['rdf']}rest":
            found[quad.predicate.value.rpartition("/")[2], str(getattr(quad.object, "value", ""))] = place
    ends = {key: start(place, "object") for key, place in found.items()}
    assert ends == {
        ("t", "one"): (6, 14), ("t", "deux"): (7, 11), ("t", "trois"): (7, 19),
        ("22-rdf-syntax-ns#first", "1"): (8, 8), ("22-rdf-syntax-ns#first", "x"): (9, 4),
        ("i", "y"): (10, 17), ("o", "7"): (11, 21),
        ("m", "https://e.example/b"): (12, 8), ("o", "z"): (13, 9),
        ("o", "-1.25E-1"): (14, 8), ("o", "100"): (14, 16), ("o", "3"): (15, 4),
    }  # fmt: skip
    assert start(found["o", "z"], "subject") == (12, 8)


def test_rdf_xml_and_syntax_of_rdf_1_2_have_no_places_and_do_no_harm() -> None:
    xml = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://e.example/">'
        '<rdf:Description rdf:about="https://e.example/a"><e:p>x</e:p></rdf:Description></rdf:RDF>'
    )
    for text, file_format in (
        (xml, RdfFormat.RDF_XML),
        ("<a:a> <a:b> <<( <a:c> <a:d> 1 )>> .", RdfFormat.TURTLE),
    ):
        quads = parse_quads(text.encode(), file_format, "test")
        assert places(text, file_format, quads) == [None]


IRI = st.sampled_from(["<a:b>", "ex:c", "<rel>"])
LITERAL = st.sampled_from(["1", "-2.5", "true", '"x"', '"x"@en', "'y'^^ex:t", '"""a\nb"""', '"\\"z"'])
LEAF = st.one_of(IRI, LITERAL, st.sampled_from(["_:x", "_:y", "[]", "()"]))


def bracketed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"( {' '.join(items)} )"),
        predicates(inner).map(lambda text: f"[ {text} ]"),
    )


def predicates(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    objects = st.lists(inner, min_size=1, max_size=3).map(" , ".join)
    pair = st.tuples(st.integers(0, 999), objects).map(lambda p: f"<p:{p[0]}> {p[1]}")
    return st.lists(pair, min_size=1, max_size=3).flatmap(
        lambda pairs: st.sampled_from([" ; ".join(pairs), " ;\n ".join(pairs) + " ;"])
    )


OBJECT = st.recursive(LEAF, bracketed, max_leaves=12)
SUBJECT = st.one_of(IRI, st.just("_:x"), st.just("[]"), bracketed(LEAF))


@given(st.lists(st.tuples(SUBJECT, predicates(OBJECT)), min_size=1, max_size=4))
@settings(max_examples=300)
def test_each_triple_is_placed_where_it_is_spelt(statements: list[tuple[str, str]]) -> None:
    text = "@prefix ex: <https://e.example/> .\n" + "\n".join(f"{s} {p} ." for s, p in statements)
    quads = parse_quads(text.encode(), RdfFormat.TURTLE, "test", base="https://base.example/d/x")
    nodes: dict[tuple[int, int, str], str] = {}
    for quad, place in zip(quads, places(text, RdfFormat.TURTLE, quads), strict=True):
        assert place is not None
        if quad.predicate.value.startswith("p:"):
            assert cut(text, place.predicate) == str(quad.predicate)
        if isinstance(quad.object, Literal):
            assert cut(text, place.object)[0] in "\"'-0123456789t"
        elif isinstance(quad.object, NamedNode):
            assert cut(text, place.object)[0] in "<e()"
        for role, term in (("subject", quad.subject), ("object", quad.object)):
            if isinstance(term, BlankNode) and cut(text, getattr(place, role)).startswith("[ "):
                # One bracket is one node, wherever it is met.
                key = (*start(place, role), "[")
                assert nodes.setdefault(key, term.value) == term.value


def test_every_triple_of_the_project_has_a_place(root: Path) -> None:
    for folder in ("ontology", "instances", "shapes"):
        for path in sorted((root / folder).rglob("*.ttl")):
            assert None not in read_located(path).places, path


def test_a_byte_order_mark_and_windows_line_ends_move_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    file.write_bytes(b"\xef\xbb\xbf@prefix ex: <https://e.example/> .\r\nex:a ex:p 1 ,\r\n  2 .\r\n")
    assert [start(place, "object") for place in read_located(file).places] == [(2, 11), (3, 3)]


def test_a_graph_keeps_the_labels_of_blank_nodes() -> None:
    quads = parse_quads(b"[] <a:p> [ <a:q> 1 ] .", RdfFormat.TURTLE, "test")
    labels = {
        str(term) for quad in quads for term in (quad.subject, quad.object) if isinstance(term, BlankNode)
    }
    assert {node.n3() for triple in to_graph(quads) for node in triple if node.n3()[0] == "_"} == labels


def test_all_mistakes_of_a_file_are_told_with_line_and_column() -> None:
    text = b"@prefix ex: <https://e.example/> .\nex:a ex:p 1 1 .\nex:b ex:p 2 .\nex:c no:p 2 .\nex:d  1 .\n"
    with pytest.raises(ParseError) as caught:
        parse_quads(text, RdfFormat.TURTLE, "f.ttl")
    told = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in told] == ["f.ttl:2:13", "f.ttl:4:6", "f.ttl:5:7"]
    assert caught.value.position is not None
    assert caught.value.position.line == 2
