"""RDF terms as Python values and back: exact, or left as they are written."""

from __future__ import annotations

import copy
import math
import pickle
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode as OxBlank
from pyoxigraph import Literal, NamedNode, Store

from polcoop.errors import UsageError
from polcoop.values import BlankNode, Iri, Text, TripleTerm, Typed, from_json, iri, plain, to_sparql

XSD = "http://www.w3.org/2001/XMLSchema#"
STORE = Store()


def literal(text: str, datatype: str) -> dict[str, str]:
    return {"type": "literal", "value": text, "datatype": XSD + datatype}


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (literal("-042", "integer"), -42),
        (literal("7", "unsignedByte"), 7),
        (literal("1.50", "decimal"), Decimal("1.50")),
        (literal("1e3", "double"), 1000.0),
        (literal("-INF", "float"), -math.inf),
        (literal("1", "boolean"), True),
        (literal("2016-05-02", "date"), date(2016, 5, 2)),
        (literal("2016-05-02T10:00:00Z", "dateTime"), datetime(2016, 5, 2, 10, tzinfo=UTC)),
        (literal("2016-05-02T10:00:00.25", "dateTime"), datetime(2016, 5, 2, 10, 0, 0, 250_000)),
        (
            literal("2016-05-02T10:00:00+08:00", "dateTime"),
            datetime(2016, 5, 2, 10, tzinfo=timezone(timedelta(hours=8))),
        ),
        (literal("plain", "string"), "plain"),
        ({"type": "literal", "value": "plain"}, "plain"),
        ({"type": "typed-literal", "value": "3", "datatype": XSD + "int"}, 3),
        ({"type": "literal", "value": "Chine", "xml:lang": "fr"}, Text("Chine", "fr")),
        ({"type": "uri", "value": "http://example.org/"}, Iri("http://example.org/")),
        ({"type": "bnode", "value": "b0"}, BlankNode("b0")),
    ],
)
def test_a_term_has_the_type_that_python_has_for_it(term: dict[str, Any], value: object) -> None:
    found = from_json(term)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ("2016", "gYear"),
        ("x", "integer"),
        ("1_000", "integer"),
        ("١٢", "integer"),
        (" 1", "integer"),
        ("1" * 5000, "integer"),
        ("NaN", "decimal"),
        ("infinity", "double"),
        ("yes", "boolean"),
        ("2016-02-30", "date"),
        ("2016-05-02Z", "date"),
        ("-0300-01-01T00:00:00Z", "dateTime"),
        ("2016-05-02T10:00:00.1234567Z", "dateTime"),
        ("20160502", "date"),
    ],
)
def test_what_python_cannot_hold_stays_as_it_is_written(text: str, datatype: str) -> None:
    found = from_json(literal(text, datatype))
    assert isinstance(found, Typed)
    assert (str(found), found.datatype) == (text, XSD + datatype)


def test_text_and_typed_literals_keep_what_they_are_through_copies() -> None:
    for value in (Text("Chine", "fr"), Typed("2016", XSD + "gYear")):
        for other in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own
            assert repr(other) == repr(value)


def test_triple_terms() -> None:
    parts = {"subject": {"type": "uri", "value": "a:b"}, "predicate": {"type": "uri", "value": "a:p"}}
    found = from_json({"type": "triple", "value": {**parts, "object": literal("1", "integer")}})
    assert isinstance(found, TripleTerm)
    assert found == (Iri("a:b"), Iri("a:p"), 1)
    assert plain(found) == "<<( a:b a:p 1 )>>"


def evaluated(term: str) -> Any:
    """The term as the engine reads it."""
    (row,) = STORE.query(f"SELECT ({term} AS ?x) {{}}")
    return row[0]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_comes_through_a_query_unchanged(text: str) -> None:
    assert evaluated(to_sparql(text)) == Literal(text)
    assert evaluated(to_sparql(Text(text, "zh-Hans"))).value == text
    assert evaluated(to_sparql(Typed(text, XSD + "token"))).value == text


@given(
    st.one_of(
        st.integers(),
        st.booleans(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.floats(allow_nan=False),
        st.dates(),
        st.datetimes(timezones=st.none() | st.just(UTC)),
    )
)
def test_a_value_that_is_sent_and_comes_back_is_the_same(value: Any) -> None:
    sent = evaluated(to_sparql(value))
    back = from_json({"type": "literal", "value": sent.value, "datatype": sent.datatype.value})
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "agent:cn> ?p ?o",
        "http://example.org/ x",
        "http://example.org/>",
        "http://e.org/\\u003E",
        "no iri",
        "x://{",
    ],
)
def test_no_iri_ends_its_own_brackets(text: str) -> None:
    with pytest.raises(UsageError):
        to_sparql(Iri(text))
    with pytest.raises(UsageError):
        iri(text)


@given(st.text())
def test_an_iri_is_refused_or_is_one_token(text: str) -> None:
    try:
        term = to_sparql(Iri(f"http://example.org/{text}"))
    except UsageError:
        return
    # The engine refuses a few more characters; it never reads another token.
    with suppress(SyntaxError):
        assert evaluated(term) == NamedNode(f"http://example.org/{text}")


@pytest.mark.parametrize("tag", ["en ", "en}", "", "fr@", "é"])
def test_a_language_is_a_tag(tag: str) -> None:
    with pytest.raises(UsageError, match="language tag"):
        to_sparql(Text("x", tag))


@pytest.mark.parametrize(
    "value", [None, object(), b"bytes", BlankNode("b"), Decimal("NaN"), pd.NaT, "\0", "\ud800"]
)
def test_what_is_no_term_is_refused_with_what_it_is(value: object) -> None:
    with pytest.raises(UsageError):
        to_sparql(value)


@pytest.mark.parametrize(
    ("value", "same"),
    [
        (rdflib.URIRef("http://example.org/"), Iri("http://example.org/")),
        (rdflib.Literal("Chine", lang="fr"), Text("Chine", "fr")),
        (rdflib.Literal(5), Typed("5", XSD + "integer")),
        (rdflib.Literal("x"), "x"),
        (np.int64(5), 5),
        (np.float64(0.5), 0.5),
        (pd.Timestamp("2016-05-02T00:00:00Z"), datetime(2016, 5, 2, tzinfo=UTC)),
    ],
)
def test_values_of_other_libraries_are_what_they_are(value: object, same: object) -> None:
    assert to_sparql(value) == to_sparql(same)


def test_a_blank_node_of_rdflib_is_none_of_ours() -> None:
    with pytest.raises(UsageError, match="blank node"):
        to_sparql(rdflib.BNode())
    assert OxBlank("b0") != BlankNode("b0")


def test_compact_iris() -> None:
    assert iri("agent:cn") == "https://w3id.org/polcoop/id/agent/cn"
    assert iri("http://example.org/a").curie == "http://example.org/a"
    assert iri("wd:Q148").curie == "wd:Q148"
    assert repr(iri("wd:Q148")) == "Iri('http://www.wikidata.org/entity/Q148')"
    with pytest.raises(UsageError, match="unknown prefix"):
        iri("nowhere:x")
