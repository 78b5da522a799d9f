"""When two queries or two results are the same: docs/citation.md, held against engine and text."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, NamedNode, Quad, QueryResultsFormat, RdfFormat, Store
from pyoxigraph import Literal as EngineLiteral

from polcoop.citation.digests import query_digest, rows_digest
from polcoop.citation.terms import n_triples, solutions_digest
from polcoop.solutions import Literal, read
from polcoop.sparql.digest import result_digest, triples_digest
from polcoop.sparql.query import Query

ROWS = "SELECT ?s ?p ?o { ?s ?p ?o }"
FORMATS = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "tsv": QueryResultsFormat.TSV,
}
GRAPHS = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
}
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture
def store() -> Store:
    """A few terms of every kind."""
    made = Store()
    literals = [
        EngineLiteral("plain"), EngineLiteral("中国", language="zh-Hans"), EngineLiteral(5),
        EngineLiteral(1.5), EngineLiteral('"quoted"\n\\tab\t'),
        EngineLiteral("2016-05", datatype=NamedNode(f"{XSD}gYearMonth")),
        EngineLiteral(True),
    ]  # fmt: skip
    for number, literal in enumerate(literals):
        made.add(Quad(NamedNode(f"http://example.org/{number}"), NamedNode("http://example.org/p"), literal))
    made.add(Quad(BlankNode("b"), NamedNode("http://example.org/p"), NamedNode("http://example.org/é")))
    return made


def digest(store: Store, query: str, name: str = "json", *, ordered: bool = False) -> str | None:
    return result_digest(store.query(query).serialize(format=FORMATS[name]), name, ordered=ordered)  # type: ignore[union-attr]


def test_a_result_has_one_digest_in_every_format_and_both_readers(store: Store) -> None:
    found = {name: digest(store, ROWS, name) for name in FORMATS}
    assert len(set(found.values())) == 1, found
    solutions = read(store.query(ROWS).serialize(format=QueryResultsFormat.JSON))  # type: ignore[union-attr,arg-type]
    assert solutions_digest(solutions, ordered=False) == found["json"]
    asked = store.query("ASK {}").serialize(format=QueryResultsFormat.XML)  # type: ignore[union-attr]
    assert result_digest(asked, "xml", ordered=False) == solutions_digest(True, ordered=False)  # type: ignore[arg-type]
    assert solutions_digest(True, ordered=False) != solutions_digest(False, ordered=False)


def test_csv_has_no_digest_since_it_has_lost_the_terms(store: Store) -> None:
    text = store.query(ROWS).serialize(format=QueryResultsFormat.CSV)  # type: ignore[union-attr]
    assert result_digest(text, "csv", ordered=False) is None  # type: ignore[arg-type]


def test_order_matters_only_where_it_is_asked_for(store: Store) -> None:
    up, down = (f"SELECT ?s {{ ?s ?p ?o FILTER(ISIRI(?s)) }} ORDER BY {way}(?s)" for way in ("ASC", "DESC"))
    assert digest(store, up) == digest(store, down)
    assert digest(store, up, ordered=True) != digest(store, down, ordered=True)


def test_what_differs_has_another_digest(store: Store) -> None:
    base = digest(store, ROWS)
    assert digest(store, "SELECT ?o ?p ?s { ?s ?p ?o }") == base, "columns go by name"
    assert digest(store, "SELECT ?s ?p (?o AS ?x) { ?s ?p ?o }") != base
    assert digest(store, f"{ROWS} LIMIT 7") != base
    assert digest(store, f"SELECT ?s ?p ?o {{ {{ {ROWS[16:]} }} UNION {{ {ROWS[16:]} }} }}") != base
    values = [f"SELECT ?v {{ VALUES ?v {{ {value} }} }}" for value in ("1", '"1"', "<a:1>", "1.0", '"1"@en')]
    assert len({digest(store, query) for query in values}) == len(values)


def test_labels_of_blank_nodes_mean_nothing_their_places_do() -> None:
    def rows(*rows: tuple[str, str]) -> str:
        return rows_digest(("a", "b"), rows, ordered=False)

    assert rows(("_:x", "_:x")) == rows(("_:y", "_:y")) != rows(("_:x", "_:y"))
    assert rows(("_:x", '"_:x"')) != rows(("_:x", '"_:y"')), "text is no label"
    assert rows(("_:x", '"_:x"')) != rows(("_:y", '"_:0"'))


def test_graphs_by_their_canonical_form(store: Store) -> None:
    query = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
    digests = {
        name: result_digest(store.query(query).serialize(format=form), name, ordered=False)  # type: ignore[union-attr,arg-type]
        for name, form in GRAPHS.items()
    }
    assert len(set(digests.values())) == 1, digests
    triples = [quad.triple for quad in store]
    assert triples_digest(triples) == digests["turtle"]
    assert triples_digest(triples[1:]) != digests["turtle"]


def test_linked_blank_nodes_are_canonicalised_by_the_client_and_not_by_the_server() -> None:
    """Eight of them, each linked to each, take five seconds; nine a minute."""
    linked = b"_:a <a:p> _:b . _:b <a:p> _:a ."
    assert result_digest(linked, "turtle", ordered=False) is None
    renamed = b"_:y <a:p> _:z . _:z <a:p> _:y ."
    first, second = (triples_digest(quad.triple for quad in _parsed(data)) for data in (linked, renamed))
    assert first == second


def _parsed(data: bytes) -> Store:
    made = Store()
    made.load(data, format=RdfFormat.TURTLE)
    return made


@given(st.text(), st.sampled_from([None, "en", "zh-Hans", "FR"]))
@settings(max_examples=200)
def test_both_readers_write_terms_alike(text: str, language: str | None) -> None:
    theirs = str(EngineLiteral(text, language=language))
    assert n_triples(Literal(text, language)) == theirs


def test_the_digest_of_a_query_is_that_of_its_words() -> None:
    text = "SELECT * {\n  ?s ?p ?o # all\n}"
    assert query_digest(f"\ufeff\r\n{text.replace(chr(10), chr(13) + chr(10))}\n\n") == query_digest(text)
    assert query_digest(text) == hashlib.sha256(text.encode()).hexdigest()
    assert query_digest(text.replace("# all", "# every")) != query_digest(text)
    assert query_digest(text, ["a:g"]) != query_digest(text) != query_digest(text, (), ["a:g"])
    assert query_digest(text, ["a:g", "a:h"]) == query_digest(text, ["a:h", "a:g", "a:h"])


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("SELECT ?s { ?s ?p ?o } ORDER BY ?s", True),
        ("SELECT ?s { ?s ?p ?o } order by ?s LIMIT 1", True),
        ("SELECT ?s { { SELECT ?s { ?s ?p ?o } ORDER BY ?s } }", False),
        ("SELECT ?order { ?order ?p ?o } # ORDER BY ?s", False),
        ("PREFIX order: <a:ORDER> SELECT ?s { ?s order:by 'ORDER BY' }", False),
    ],
)
def test_order_by_counts_outside_all_brackets(text: str, ordered: bool) -> None:
    assert Query.parse(text).ordered is ordered


def test_the_worked_example_of_the_documentation(root: Path) -> None:
    """The canonical text that is printed there has the digest that is printed there."""
    guide = (root / "docs" / "citation.md").read_text(encoding="utf-8")
    example = guide.split("### A worked example", 1)[1]
    result, canonical, printed = re.findall(r"^```\w+\n(.*?)^```$", example, re.DOTALL | re.MULTILINE)[:3]
    found = solutions_digest(read(result.encode()), ordered=False)
    assert found == printed.strip()
    assert hashlib.sha256(canonical.replace("→", "\t").encode()).hexdigest() == found
