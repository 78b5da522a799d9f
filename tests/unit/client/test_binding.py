"""Parameters: the right answers, compared with the engine's own substitution, and no way out of a value."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from polcoop.client.binding import prepare
from polcoop.client.tokens import tokens
from polcoop.errors import Position, QuerySyntaxError, UsageError
from polcoop.iris import PREFIXES
from polcoop.values import Iri, Text

EX = "http://example.org/"
A, B = Iri(f"{EX}a"), Iri(f"{EX}b")


@pytest.fixture(scope="module")
def store() -> Store:
    """Two subjects with names and numbers."""
    made = Store()
    for name, number in (("a", 1), ("a", 2), ("b", 3)):
        made.add(Quad(NamedNode(EX + name), NamedNode(f"{EX}n"), Literal(number)))
    made.add(Quad(NamedNode(f"{EX}a"), NamedNode(f"{EX}knows"), NamedNode(f"{EX}b")))
    return made


def answers(result: Any) -> Any:
    if not hasattr(result, "variables"):
        return bool(result) if not hasattr(result, "__next__") else sorted(map(str, result))
    names = [variable.value for variable in result.variables]
    return sorted(str({name: str(row[name]) for name in names if row[name] is not None}) for row in result)


# With a parameter ?x, and what a person would write by hand.
QUERIES = [
    ("SELECT ?x ?n { ?x ex:n ?n }", "SELECT (V AS ?x) ?n { V ex:n ?n }"),
    (
        "SELECT DISTINCT ?x { ?x ex:n ?n } ORDER BY ?x DESC(?x) LIMIT 5",
        "SELECT DISTINCT (V AS ?x) { V ex:n ?n }",
    ),
    (
        "SELECT ?x (COUNT(?n) AS ?count) { ?x ex:n ?n } GROUP BY ?x HAVING(COUNT(?n) > 0)",
        "SELECT (V AS ?x) (COUNT(?n) AS ?count) { V ex:n ?n } HAVING(COUNT(?n) > 0)",
    ),
    ("SELECT ?n { ?s ex:n ?n FILTER(?s = $x) }", "SELECT ?n { V ex:n ?n }"),
    (
        "SELECT ?s ?n { ?s ex:n ?n OPTIONAL { ?s ex:knows ?k FILTER(?k = ?x) } "
        "FILTER(!BOUND(?k) && BOUND(?x)) }",
        "SELECT ?s ?n { ?s ex:n ?n FILTER NOT EXISTS { ?s ex:knows V } }",
    ),
    (
        "SELECT ?n { { SELECT ?x (MAX(?m) AS ?n) { ?x ex:n ?m } GROUP BY ?x } }",
        "SELECT (MAX(?m) AS ?n) { V ex:n ?m }",
    ),
    (
        "SELECT ?s { ?s ex:n ?n MINUS { ?x ex:knows ?s } }",
        "SELECT ?s { ?s ex:n ?n FILTER NOT EXISTS { V ex:knows ?s } }",
    ),
    (
        'SELECT ?n ("?x" AS ?text) { ?x ex:n ?n # ?x is no variable here\n }',
        'SELECT ?n ("?x" AS ?text) { V ex:n ?n }',
    ),
    ("SELECT ?s { ?s (ex:knows|^ex:knows)+ ?x }", "SELECT ?s { ?s (ex:knows|^ex:knows)+ V }"),
    ("SELECT (?x AS ?y) (STR(?x) AS ?z) { ?x ex:n ?n }", "SELECT (V AS ?y) (STR(V) AS ?z) { V ex:n ?n }"),
    ("ASK { ?x ex:knows ?y }", "ASK { V ex:knows ?y }"),
    (
        "CONSTRUCT { ?x ex:number ?n } WHERE { ?x ex:n ?n }",
        "CONSTRUCT { V ex:number ?n } WHERE { V ex:n ?n }",
    ),
    ("CONSTRUCT WHERE { ?x ex:n ?n }", "CONSTRUCT WHERE { V ex:n ?n }"),
    ("DESCRIBE ?x", "DESCRIBE V"),
]


@pytest.mark.parametrize(("query", "by_hand"), QUERIES)
@pytest.mark.parametrize("value", [A, B])
def test_a_parameter_means_what_one_would_write_by_hand(
    store: Store, query: str, by_hand: str, value: Iri
) -> None:
    prefix = f"PREFIX ex: <{EX}> "
    ours = store.query(prepare(prefix + query, {"x": value}, {}).text)
    theirs = store.query(prefix + re.sub(r"\bV\b", f"<{value}>", by_hand))
    assert answers(ours) == answers(theirs)


def test_a_list_stands_for_any_of_its_members(store: Store) -> None:
    text = f"SELECT ?x (SUM(?n) AS ?sum) {{ ?x <{EX}n> ?n }} GROUP BY ?x"
    found = {
        str(row["x"]): int(row["sum"].value) for row in store.query(prepare(text, {"x": [A, B]}, {}).text)
    }
    assert found == {f"<{EX}a>": 3, f"<{EX}b>": 3}
    assert not list(store.query(prepare(text, {"x": []}, {}).text))
    template = f"CONSTRUCT {{ ?x <{EX}m> ?n }} WHERE {{ ?x <{EX}n> ?n }}"
    assert len(list(store.query(prepare(template, {"x": [B]}, {}).text))) == 1


def test_two_parameters_and_lines_that_stay(store: Store) -> None:
    text = f"SELECT ?k\n{{ ?x <{EX}n> ?n ;\n  <{EX}knows> ?k }}"
    prepared = prepare(text, {"?x": A, "n": 1}, PREFIXES)
    assert len(list(store.query(prepared.text))) == 1
    assert prepared.text.count("\n") == text.count("\n")


HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.lists(
        st.sampled_from(
            ['"', "'", "\\", "\n", "}", "#", "<", ">", "\\u0022", "\\u005C", '"""', " . ?s ?p ?o ", "?x"]
        )
    ).map(
        "".join
    ),
)  # fmt: skip
PLACES = [
    "SELECT ?x {}",
    "SELECT (CONCAT(?x, '') AS ?y) { }",
    "SELECT ?y { BIND(?x AS ?y) }",
    "SELECT ?y { BIND('''it's \"?x\"''' AS ?z) BIND(?x AS ?y) } # ?x",
    "SELECT (SAMPLE(?z) AS ?y) { VALUES ?z { 'a' } BIND(STRLEN(?x) AS ?n) } GROUP BY ?x",
]


@given(value=HOSTILE, place=st.sampled_from(PLACES[:4]), lang=st.sampled_from(["", "fr"]))
def test_no_value_gets_out_of_its_token(value: str, place: str, lang: str) -> None:
    sent = Text(value, lang) if lang else value
    (row,) = Store().query(prepare(place, {"x": sent}, {}).text)
    assert row[0].value == value


@given(value=HOSTILE, place=st.sampled_from(PLACES))
def test_a_value_changes_no_token_but_its_own(value: str, place: str) -> None:
    shapes = [
        [token.kind for token in tokens(prepare(place, {"x": text}, {}).text)] for text in (value, "harmless")
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("opening", ['"', "'", '"""', "'''"])
def test_a_query_with_an_open_string_takes_no_parameter(opening: str) -> None:
    # The value would close the string, and its text would be read as SPARQL.
    with pytest.raises(QuerySyntaxError, match="not closed"):
        prepare(f"SELECT * {{ ?s ?p {opening}abc ?x }}", {"x": " . ?s ?p ?o } #"}, {})


def test_a_query_whose_text_hides_behind_escapes_takes_no_parameter() -> None:
    with pytest.raises(QuerySyntaxError, match="escape"):
        prepare(r"SELECT * { ?s ?p \u0022 ?x \u0022 }", {"x": " . ?s ?p ?o } #"}, {})


def test_what_could_be_an_iri_or_a_comparison_is_not_guessed() -> None:
    text = "SELECT * { ?a ?b ?c FILTER(?a<?x&&?c>?d) }"
    with pytest.raises(QuerySyntaxError, match="IRI or a comparison") as raised:
        prepare(text, {"x": 1}, {})
    assert raised.value.position == Position(1, text.index("<?x") + 1)
    assert prepare(text.replace("<", "< "), {"x": 1}, {}).text
    assert (
        "<http://example.org/?x=1>" in prepare("ASK { ?x ?p <http://example.org/?x=1> }", {"x": A}, {}).text
    )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (1 AS ?x) {}",
        "ASK { BIND(1 AS ?x) }",
        "ASK { VALUES ?x { 1 } }",
        "ASK { VALUES (?y ?x) { (1 2) } }",
    ],
)
def test_a_variable_that_the_query_sets_is_no_parameter(text: str) -> None:
    with pytest.raises(QuerySyntaxError, match=r"gives \?x a value"):
        prepare(text, {"x": 1}, {})


def test_a_parameter_that_the_query_has_not_is_a_slip() -> None:
    with pytest.raises(UsageError, match=r"no variable \?contry"):
        prepare("ASK { ?country ?p ?o } # ?contry", {"contry": A}, {})


@pytest.mark.parametrize("text", ["DESCRIBE ?x", "CONSTRUCT WHERE { ?x ?p ?o }"])
def test_a_list_needs_a_where_clause(text: str) -> None:
    with pytest.raises(QuerySyntaxError, match="WHERE"):
        prepare(text, {"x": [A]}, {})


def test_known_prefixes_are_declared_where_they_are_used() -> None:
    query = "SELECT * { agent:cn skos:prefLabel ?l ; mine:p 'wd:Q1' . # owl:Thing\n}"
    text = f"PREFIX agent: <http://example.org/>\n{query}"
    prepared = prepare(text, {}, PREFIXES)
    assert prepared.text == f"PREFIX skos: <{PREFIXES['skos']}> {text}"
    assert prepare(text, {}, {**PREFIXES, "mine": EX}).text.startswith(f"PREFIX mine: <{EX}> PREFIX skos:")
    assert prepare("ASK { ?s ?p ?o }", {}, PREFIXES).text == "ASK { ?s ?p ?o }"


@given(st.lists(st.sampled_from(["?x ", "a ", "\n", "'?x' ", "<http://e.org/> ", "skos:a "]), min_size=1))
def test_places_lead_back_to_what_was_written(parts: list[str]) -> None:
    text = "ASK { ?x " + "".join(parts) + "@here"
    prepared = prepare(text, {"x": "a long value, with a line\n"}, PREFIXES)
    for wanted in re.finditer(r"@here|<http|(?<!\S)a(?= )", text):
        nth = text[: wanted.start()].count(wanted[0])
        at = [match.start() for match in re.finditer(re.escape(wanted[0]), _blanked(prepared.text))][nth]
        before, original = prepared.text[:at], text[: wanted.start()]
        place = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        assert prepared.written(place) == Position(
            original.count("\n") + 1, len(original) - original.rfind("\n")
        )


def _blanked(text: str) -> str:
    """The text without what was put into it."""
    text = re.sub(r"PREFIX skos: <[^>]*>", lambda match: " " * len(match[0]), text)
    return re.sub(r'"a long value, with a line\\n"', lambda match: " " * len(match[0]), text)
