"""Plans: whatever shapes and data are made of, the report is that of plain pySHACL."""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter

import pyshacl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyshacl.graph_abstraction import DataGraph
from pyshacl.validator import Validator
from rdflib import RDF, Graph, Literal, URIRef

from polcoop.iris import PREFIXES
from polcoop.quality.plans.grammar import asked
from polcoop.quality.plans.index import Index, key, parsed
from polcoop.quality.plans.planner import Planner
from polcoop.quality.plans.queries import Questions
from polcoop.quality.plans.terms import IRI, NUMBER, Kinds
from polcoop.quality.plans.unplanned import UnplannedError
from polcoop.quality.plans.view import graph_of
from polcoop.quality.shacl import ShapesError, validate
from polcoop.sources.turtle import Triples, quiet
from random_shacl import TARGETS, Told, graphs, shape_graphs, told, triples
from random_sparql import Queries


def plain(data: Triples, shapes: Triples) -> Told | None:
    """What pySHACL says; None when it refuses."""
    try:
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, graph, _ = pyshacl.validate(data.graph(), shacl_graph=shapes.graph(), inference="none")
    except Exception:  # noqa: BLE001 - it throws whatever comes its way
        return None
    return told(graph) if isinstance(graph, Graph) else None


def ours(data: Triples, shapes: Triples) -> Told | None:
    try:
        report = validate(data, shapes.graph())
    except ShapesError:
        return None
    assert report.graph is not None
    return told(report.graph)


def same(data: str, shapes: str) -> Told | None:
    """Assert that both say the same, and return it."""
    known = triples(data)
    expected, found = plain(known, triples(shapes)), ours(known, triples(shapes))
    if found is None and expected is not None:
        # A shape without focus nodes is refused by us all the same, if pySHACL refuses it once it has one.
        nobody = "".join(f"{name} sh:targetNode <urn:nobody> .\n" for name in ("ex:S", "ex:C"))
        expected = plain(known, triples(shapes + nobody))
    assert found == expected, f"{data}\n{shapes}"
    return expected


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(graphs(), shape_graphs())
@example(
    "ex:a ex:p 1 , 01 , 1.5 , 1.50 .",
    "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:maxCount 2 ] .",
)
@example("ex:a ex:p ex:b .", "ex:S sh:targetNode ex:a ; sh:property ex:S .")
@example("ex:a ex:p ex:b .", "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:node ex:S ] .")
@example(
    "ex:a ex:p ex:b . ex:b ex:p ex:c . ex:c ex:p ex:a .",
    "ex:S sh:targetNode ex:a ; sh:path [ sh:zeroOrMorePath ex:p ] ; sh:maxCount 2 .",
)
@example(
    "ex:a ex:p ex:b . ex:b ex:p ex:c . ex:b ex:q ex:c .",
    "ex:S sh:targetNode ex:a ; sh:path [ sh:oneOrMorePath [ sh:alternativePath ( ex:p ex:q ) ] ] ; "
    "sh:maxCount 1 .",
)
@example("ex:a ex:p _:d .", "ex:S sh:targetNode ex:a ; sh:path ex:p ; sh:lessThan ex:q .")
@example("ex:a ex:p 1 .", "ex:S sh:targetObjectsOf ex:p ; sh:datatype xsd:string .")
@example(
    "ex:a ex:p 1 , _:d ; ex:q 2 .",
    "ex:S sh:targetNode ex:a ; sh:or ( [ sh:nodeKind sh:IRI ] [ sh:path ex:p ; sh:lessThan ex:q ] ) .",
)
def test_reports_on_random_data_are_those_of_pyshacl(data: str, shapes: str) -> None:
    same(data, shapes)


ASKED = [
    "SELECT $this WHERE { $this ex:p ?x . FILTER(?x > 1) }",
    "SELECT $this ?value WHERE { $this ex:p/ex:q* ?value FILTER NOT EXISTS { ?value ex:r ?any } }",
    "SELECT ?this WHERE { FILTER NOT EXISTS { $this ex:p ?x } }",
    "SELECT $this WHERE { OPTIONAL { $this ex:p ?x } FILTER(!BOUND(?x)) }",
    "SELECT $this ?value WHERE { { $this ex:p ?value } UNION { ?value ex:q ?other FILTER(?other = $this) } }",
    "SELECT $this ?n WHERE { { SELECT $this (COUNT(?x) AS ?n) WHERE { $this ex:p ?x } GROUP BY $this }"
    "FILTER(?n > 1) }",
    "SELECT $this (SUM(?x) AS ?value) WHERE { $this ex:p ?x } GROUP BY $this HAVING (SUM(?x) > 2)",
    "SELECT $this ?value WHERE { $this ex:p ?value . FILTER(LANG(?value) = 'en' || LANG(?value) = 'fr') }",
    "SELECT $this ?value WHERE { $this ex:p ?value "
    "FILTER(isIRI(?value) && STRSTARTS(STR($this), 'urn:ex:a')) }",
    "SELECT $this ?path ?value WHERE { $this ?path ?value . FILTER(?path != rdf:type) }",
    "SELECT $this ?value WHERE { $this ^ex:p|ex:q ?value "
    "BIND(IF(isBlank(?value), 1, 2) AS ?k) FILTER(?k = 2) }",
    "SELECT $this WHERE { $this a/rdfs:subClassOf* ex:C }",
    "SELECT $this WHERE { ?x ex:p+ $this FILTER EXISTS { ?x ex:q ?y FILTER(?y != $this) } }",
    "SELECT $this ?value WHERE { $this ex:p ?value . FILTER(REGEX(?value, '^[a-c]+$', 'i')) }",
    "SELECT $this ?x WHERE { ?x ex:p ?y . ?y ex:q ?z # $this is not mentioned: { \n }",
    "SELECT $this WHERE { $this ex:p ?x , ?y . FILTER(?x < ?y) }",
    "SELECT DISTINCT $this ?value WHERE { $this ex:p [ ex:q ?value ] }",
]
LEFT = {
    "what may be an error in a list": "SELECT $this WHERE { $this ex:p ?x FILTER(LANG(?x) IN ('en', 'fr')) }",
    "LIMIT": "SELECT $this WHERE { $this ex:p ?x } LIMIT 1",
    "a count over nothing": "SELECT $this (COUNT(?x) AS ?value) WHERE { $this ex:p ?x }",
    "not the focus node": "SELECT ?x WHERE { $this ex:p ?x }",
    "a division": "SELECT $this WHERE { $this ex:p ?x FILTER(?x / 3 > 1) }",
    "a number as text": "SELECT $this WHERE { $this ex:p ?x FILTER(STRLEN(STR(?x)) > 2) }",
    "look-ahead": "SELECT $this WHERE { $this ex:p ?x FILTER(REGEX(?x, '^(?!a)')) }",
    "a pattern made of data": "SELECT $this WHERE { $this ex:p ?x , ?y FILTER(REGEX(?x, ?y)) }",
    "GRAPH": "SELECT $this WHERE { GRAPH ?g { $this ex:p ?x } }",
    "a typed literal": "SELECT $this WHERE { $this ex:p '01'^^xsd:integer }",
    "time": "SELECT $this WHERE { $this ex:p ?x FILTER(?x < NOW()) }",
    "MINUS": "SELECT $this WHERE { $this ex:p ?x MINUS { ?x ex:q ?y } }",
    "SERVICE": "SELECT $this WHERE { SERVICE <http://127.0.0.1:9/> { $this ex:p ?x } }",
    "no prefix": "SELECT $this WHERE { $this no:p ?x }",
    "no query": "SELECT $this WHERE {",
    "depth": f"SELECT $this WHERE {{ {'{' * 300} $this ex:p ?x {'}' * 300} }}",
}
DECLARED = (
    "<urn:ex> a owl:Ontology ; sh:declare [ sh:prefix 'ex' ; sh:namespace 'urn:ex:'^^xsd:anyURI ] , "
    "[ sh:prefix 'xsd' ; sh:namespace 'http://www.w3.org/2001/XMLSchema#'^^xsd:anyURI ] .\n"
)


def constraint(query: str) -> str:
    return f'sh:sparql [ sh:message "{{?value}}" ; sh:prefixes <urn:ex> ; sh:select """{query}""" ]'


def planned(query: str, *choices: Kinds) -> bool:
    """Whether a query has a plan if all subjects and objects are of one of these kinds."""
    prologue = f"PREFIX ex: <urn:ex:> PREFIX rdf: <{RDF}> PREFIX rdfs: <urn:x> PREFIX xsd: <urn:y>\n"
    for kinds in choices:
        with contextlib.suppress(UnplannedError):
            asked(prologue + query, controls=False, kinds=lambda *_, kinds=kinds: kinds)
            return True
    return False


@pytest.mark.parametrize("query", ASKED)
def test_queries_asked_at_once_find_what_pyshacl_finds_one_by_one(query: str) -> None:
    assert planned(query, NUMBER, IRI)

    @settings(max_examples=6, suppress_health_check=list(HealthCheck))
    @given(graphs(), st.sampled_from(TARGETS[:4]))
    def check(data: str, target: str) -> None:
        property_shape = f"sh:property [ sh:path ex:p ; {constraint(query)} ]"
        same(data, f"{DECLARED} ex:S {target} ; {constraint(query)} ; {property_shape} .")

    check()


@pytest.mark.parametrize("reason", LEFT)
def test_what_engine_and_rdflib_may_read_differently_is_left_to_pyshacl(reason: str) -> None:
    assert not planned(LEFT[reason], NUMBER) or reason == "no prefix"
    if reason != "depth":
        same(
            "ex:a ex:p 1 , 'a' , ex:b .", f"{DECLARED} ex:S sh:targetNode ex:a ; {constraint(LEFT[reason])} ."
        )


UNLIKE = {
    "a blank node has a text": (
        "_:d ex:p 1 .", "SELECT $this WHERE { $this ex:p ?x FILTER(STRENDS(STR($this), '')) }",
    ),
    "a value that is a blank node has a text": (
        "ex:a ex:p _:d .", "SELECT $this WHERE { $this ex:p ?x FILTER(STRENDS(STR(?x), '')) }",
    ),
    "no row makes a group": (
        "ex:a ex:p 1 .",
        "SELECT $this WHERE { $this ex:p ?x "
        "{ SELECT $this (MAX(?y) AS ?n) WHERE { $this ex:q ?y } GROUP BY $this } }",
    ),
    "an error is in no list": (
        "ex:a ex:p 'a' .", "SELECT $this WHERE { $this ex:p ?x FILTER(?x NOT IN (2 + ?x)) }",
    ),
    "a branch of a union sees what is around it": (
        "ex:a ex:p true ; ex:r 1 .",
        "SELECT $this WHERE { $this ex:p ?x { $this ex:q ?y } UNION { $this ex:r ?z FILTER(?x) } }",
    ),
    "an empty string at the end of a path is anything": (
        "ex:a ex:p '' .", "SELECT $this WHERE { $this ex:p ?x . ?x ex:p* $this }",
    ),
    "a text of less than nothing is the rest": (
        "ex:a ex:p 'ab' .", "SELECT $this WHERE { $this ex:p ?x FILTER(SUBSTR(?x, 1, -1) = 'a') }",
    ),
    "a text with a language is true": (
        "ex:a ex:p 'a'@en .", "SELECT $this WHERE { $this ex:p ?x FILTER(?x) }",
    ),
    "a subquery counts what is around it": (
        "ex:a ex:p 1 ; ex:q 1 , 2 .",
        "SELECT $this WHERE { $this ex:p ?x "
        "{ SELECT $this (COUNT(?x) AS ?n) WHERE { $this ex:q ?x } GROUP BY $this } FILTER(?n < 2) }",
    ),
}  # fmt: skip
"""What rdflib finds and the engine, by the letter of SPARQL, does not."""


@pytest.mark.parametrize("reason", UNLIKE)
def test_what_rdflib_finds_against_the_letter_of_sparql_is_found(reason: str) -> None:
    data, query = UNLIKE[reason]
    assert same(data, f"{DECLARED} ex:S sh:targetSubjectsOf ex:p ; {constraint(query)} .")


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_no_plan_for_a_random_query_misses_what_rdflib_finds(seed: int) -> None:
    made = Queries(seed)
    index, data = Index(), triples(made.data())
    with quiet():
        index.add(data)
        view, questions = graph_of(index, data), Questions(index)
        focuses = {number for number, term in enumerate(index.keys) if term.startswith(("<urn:ex:", "_:"))}
        for _ in range(4):
            query = f"PREFIX ex: <urn:ex:> PREFIX xsd: <{PREFIXES['xsd']}>\n{made.query()}"
            try:
                found = questions.askers(query, focuses)
            except UnplannedError:
                continue
            missed = [n for n in focuses - found if view.query(query, initBindings={"this": index.node(n)})]
            assert not missed, f"{made}\n{query}"


def test_many_random_queries_have_a_plan_that_finds_something() -> None:
    """Without which the test above would assert nothing."""
    planned = hits = 0
    for seed in range(90):
        made = Queries(seed)
        index, data = Index(), triples(made.data())
        with quiet():
            index.add(data)
            named = {number for number, term in enumerate(index.keys) if term.startswith("<urn:ex:")}
            for _ in range(4):
                try:
                    found = Questions(index).askers(f"PREFIX ex: <urn:ex:>\n{made.query()}", named)
                except UnplannedError:
                    continue
                planned, hits = planned + 1, hits + bool(found)
    assert planned > 60
    assert planned > hits > 10


def test_control_characters_and_equal_values_leave_queries_to_pyshacl() -> None:
    pattern = f"{DECLARED} ex:S sh:targetNode ex:a ; {constraint(ASKED[13])} ."
    assert same('ex:a ex:p "a\\n" .', pattern)
    twins = "SELECT $this WHERE { $this ex:p ?x . FILTER NOT EXISTS { $this ex:q ?x } }"
    assert same("ex:a ex:p 1.5 ; ex:q 1.50 .", f"{DECLARED} ex:S sh:targetNode ex:a ; {constraint(twins)} .")


def test_pyshacl_looks_at_suspects_alone() -> None:
    data, shapes = "".join(f"ex:n{i} a ex:C ; ex:p {i} .\n" for i in range(50)), (
        "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:maxExclusive 48 ] ; "
        + constraint("SELECT $this WHERE { $this <urn:ex:p> 7 }") + " ."
    )  # fmt: skip
    index = Index()
    index.add(triples(data))
    wrapped = DataGraph.from_rdflib(graph_of(index, triples(data)))
    validator = Validator(wrapped, shacl_graph=triples(shapes).graph())
    planner = Planner(index, wrapped, validator.make_executor())
    shape = next(s for s in validator.shacl_graph.shapes if s.node == URIRef("urn:ex:S"))
    found = planner.focuses(shape)
    assert len(found) == 50
    assert {index.keys[n] for n in planner.suspects(shape, found)} == {f"<urn:ex:n{i}>" for i in (7, 48, 49)}
    assert same(data, shapes)


@given(st.text(), st.sampled_from(["", "@en", "^^<urn:ex:datatype>"]))
def test_keys_of_literals_are_what_the_strict_parser_writes(text: str, suffix: str) -> None:
    assert parsed(key(Literal(text))) == Literal(text)
    if "\x00" in text:
        return
    written = triples(f"ex:a ex:p {key(Literal(text))}{suffix} .").content.decode()
    term = written[len("<urn:ex:a> <urn:ex:p> ") : -len(" .\n")]
    assert key(parsed(term)) == term


def test_a_view_answers_every_pattern_like_a_graph() -> None:
    content = triples("ex:a ex:p ex:b , 1 ; ex:q ex:b . ex:b ex:p ex:a . _:d ex:q 01 .")
    index = Index()
    index.add(content)
    view, graph = graph_of(index, content), content.graph()
    some = {None, *(term for triple in graph for term in triple), URIRef("urn:ex:none"), Literal("none")}
    assert len(view) == len(graph)
    assert view.qname("urn:ex:a") == graph.qname("urn:ex:a")
    for s in some:
        for p in some:
            for o in some:
                assert Counter(view.triples((s, p, o))) == Counter(graph.triples((s, p, o)))
    with pytest.raises(TypeError):
        view.add((URIRef("urn:ex:a"), RDF.type, URIRef("urn:ex:C")))
