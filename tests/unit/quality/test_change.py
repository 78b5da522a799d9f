"""A change: what the affected nodes have now and the others had before is what all of them have now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat
from pyshacl.graph_abstraction import DataGraph
from pyshacl.shape import Shape
from pyshacl.validator import Validator

from polcoop.quality.plans.affected import Affected
from polcoop.quality.plans.change import Before, change, names, rows
from polcoop.quality.plans.index import Index
from polcoop.quality.plans.planner import Planner
from polcoop.quality.plans.view import graph_of
from polcoop.quality.shacl import ShapesError, validate
from polcoop.sources.turtle import Triples, parse_quads
from random_shacl import PREFIXES, Told, graphs, shape_graphs, told, triples

QUERIES = [
    "SELECT $this ?value WHERE { $this ex:p/ex:q ?value FILTER NOT EXISTS { ?value ex:r ?any } }",
    "SELECT $this WHERE { $this a/rdfs:subClassOf* ex:C . ?x ex:q ?y }",
    "SELECT $this WHERE { ?any ?p $this }",
]
DECLARED = "<urn:ex> a owl:Ontology ; sh:declare [ sh:prefix 'ex' ; sh:namespace 'urn:ex:'^^xsd:anyURI ] .\n"
ASKED = [
    f"{DECLARED} ex:S sh:targetSubjectsOf ex:p ; "
    f'sh:sparql [ sh:prefixes <urn:ex> ; sh:select """{query}""" ] .'
    for query in QUERIES
]


@dataclass
class Run:
    """A validation taken apart: pySHACL on chosen focus nodes of each targeting shape."""

    data: Triples
    shapes: Triples

    def __post_init__(self) -> None:
        self.index = Index()
        self.index.add(self.data)
        wrapped = DataGraph.from_rdflib(graph_of(self.index, self.data))
        self.wrapped = wrapped
        self.validator = Validator(wrapped, shacl_graph=self.shapes.graph())
        self.executor = self.validator.make_executor()
        self.planner = Planner(self.index, wrapped, self.executor)

    def results(self, left_out: Callable[[Shape, str], bool]) -> Told:
        """The results for all focus nodes but those that ``left_out`` names by their keys."""
        reports = []
        for shape in self.validator.shacl_graph.shapes:
            nodes = [n for n in self.planner.focuses(shape) if not left_out(shape, self.index.keys[n])]
            if nodes and not shape.deactivated:
                reports += shape.validate(self.executor, self.wrapped, list(map(self.index.node, nodes)))[1]
        return told(Validator.create_validation_report(self.validator.shacl_graph, not reports, reports)[0])


def whole(data: Triples, shapes: Triples) -> Told:
    report = validate(data, shapes.graph())
    assert report.graph is not None
    return told(report.graph)


def check(old: str, new: str, text: str) -> int:
    """Assert what this module is about; return how many focus nodes were left out."""
    # A literal that only a shape can have is no term of either index.
    earlier, later, shapes = triples(old), triples(new), triples(text.replace(" , 01", ""))
    try:
        expected = whole(later, shapes)
        whole(earlier, shapes)
        report = validate(later, shapes.graph(), before=Before(earlier))
    except ShapesError:
        assume(False)
    assert report.graph is not None
    now, then = Run(later, shapes), Run(earlier, shapes)
    affected = Affected(now.index, change(Before(earlier), later, None))
    # Blank nodes are known by name, not by label.
    back = {name: label for label, name in names(rows(later)).items()}
    label = {old_label: back.get(name, name) for old_label, name in names(rows(earlier)).items()}

    def left_out(shape: Shape, key: str) -> bool:
        node = now.index.term(label.get(key, key))
        counterpart = next(s for s in now.validator.shacl_graph.shapes if s.node == shape.node)
        return bool(affected.among(counterpart, {node}))

    assert told(report.graph) + then.results(left_out) == expected, f"{old}\n-----\n{new}\n-----\n{text}"
    return report.unaffected


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str]:
    """A graph, and the same with a few triples more and less."""
    old = draw(graphs()).splitlines(keepends=True)
    gone = draw(st.sets(st.sampled_from(old), max_size=2)) if old else set()
    return "".join(old), "".join(row for row in old if row not in gone) + draw(graphs(most=2))


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(edits(), st.one_of(shape_graphs(), shape_graphs(), st.sampled_from(ASKED)))
@example(
    ("ex:a ex:p ex:b . ex:b ex:q ex:c .", "ex:a ex:p ex:b ."),
    "ex:S sh:targetNode ex:a ; sh:property [ sh:path ( ex:p ex:q ) ; sh:minCount 1 ] .",
)
@example(
    ("ex:a a ex:D . ex:D rdfs:subClassOf ex:C .", "ex:a a ex:D ."),
    "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .",
)
@example(
    ("ex:a ex:p [ ex:q 1 ] .", "ex:a ex:p [ ex:q 2 ] ."),
    "ex:S sh:targetObjectsOf ex:p ; sh:property [ sh:path ex:q ; sh:maxInclusive 1 ] .",
)
def test_affected_now_and_others_before_make_the_whole(edit: tuple[str, str], shapes: str) -> None:
    check(*edit, shapes)


MANY = "".join(f"ex:n{i} a ex:C ; ex:p ex:m{i} . ex:m{i} ex:q {i} .\n" for i in range(20))
CHAIN = "ex:S sh:targetClass ex:C ; sh:property [ sh:path ( ex:p ex:q ) ; sh:maxInclusive 10 ] ."


@pytest.mark.parametrize(
    ("new", "left"),
    [
        (MANY, 20),
        (MANY + "ex:m3 ex:q 99 .", 19),
        (MANY + "ex:m3 ex:r 99 .", 20),
        (MANY.replace("ex:n5 a ex:C ;", "ex:n5"), 19),
        (MANY + "ex:new a ex:C .", 20),
        (MANY + "ex:C rdfs:subClassOf ex:D .", 0),
    ],
)
def test_only_those_whom_the_change_reaches_are_looked_at(new: str, left: int) -> None:
    assert check(MANY, new, CHAIN) == left


def test_a_query_is_asked_again_when_a_triple_with_one_of_its_predicates_changes() -> None:
    old = "ex:a ex:p ex:b . ex:c ex:p ex:d ."
    assert check(old, old + "ex:x ex:other 1 .", ASKED[0]) == 2
    assert check(old, old + "ex:x ex:r 1 .", ASKED[0]) == 0
    assert check(old, old + "ex:x ex:other 1 .", ASKED[2]) == 0


def test_renumbered_blank_nodes_are_no_change_and_changed_ones_are() -> None:
    text = "ex:a ex:p [ ex:q 1 ] , [ ex:q 2 ] . ex:b ex:p ( 1 [ ex:q 3 ] ) ."
    old, new, other = (
        Triples.of(parse_quads((PREFIXES + t).encode(), RdfFormat.TURTLE, "test"))
        for t in (text, text, text.replace("ex:q 3", "ex:q 4"))
    )
    assert old.content != new.content
    assert change(Before(old), new, None).rows == frozenset()
    told_apart = change(Before(old), other, None)
    assert {s for s, _, _ in told_apart.rows if s[0] == "<"} == {"<urn:ex:b>"}
    assert Counter(len(names(rows(part))) for part in (old, new)) == Counter({5: 2})


def test_what_is_judged_counts_too() -> None:
    """A node that the files describe now, and only the background did before, is looked at."""
    said = triples("ex:a a ex:C ; ex:p 1 .")
    shapes = triples("ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:maxCount 0 ] .").graph()
    nothing = triples("ex:x ex:p 1 .")
    report = validate(
        Triples(said.content + nothing.content), shapes, Triples(b""), Before(nothing, said)
    )  # fmt: skip
    assert [result.focus for result in report.results] == ["<urn:ex:a>"]
