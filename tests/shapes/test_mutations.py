"""One mistake put into the real data is found by the shape that is meant for it, and by no other.

Each mutation is judged in a cutting of the project: the nodes that any mutation touches with all that stands
around them, for a whole run takes many seconds.  One mutation is judged in the whole project all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import pytest
from harness import Finding, Harness, findings
from mutations import MUTATIONS, Mutation
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.term import Node

from polcoop.iris import PREFIXES, shrink
from polcoop.quality.shacl import validate
from polcoop.sources.derive import compute
from polcoop.sources.project import ALIGNMENTS, Project
from polcoop.sources.turtle import to_graph

Triple = tuple[Node, Node, Node]

ESTABLISHES = URIRef(f"{PREFIXES['polcoop']}establishes")
CITES = URIRef(f"{PREFIXES['polcoop']}citesWork")
MODALITY = URIRef(f"{PREFIXES['polcoop']}modality")
HUB, TOUCHED_HUB = 20, 60
"""A node that more than so many refer to, such as China, does not bring all of them into the cutting."""
_DECLARATIONS = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
_CURIE = re.compile(r"(?<![\w/#\"<:-])([a-z][a-z0-9-]*):([A-Za-z0-9][\w-]*)")
_INSTANCES = "https://w3id.org/polcoop/id/"


def statements(text: str) -> list[Triple]:
    return list(Graph().parse(data=f"{_DECLARATIONS}{text} .", format="turtle"))


def node(curie: str) -> URIRef:
    if curie == "a":
        return RDF.type
    prefix, name = curie.split(":", 1)
    return URIRef(PREFIXES[prefix] + name)


def seeds(mutation: Mutation) -> set[URIRef]:
    """The instances that a mutation names."""
    text = " ".join((*mutation.without, *mutation.with_, *mutation.found, *mutation.beside))
    named = {node(f"{prefix}:{name}") for prefix, name in _CURIE.findall(text) if prefix in PREFIXES}
    return {iri for iri in named if str(iri).startswith(_INSTANCES)}


def apply(mutation: Mutation, graph: Graph) -> None:
    """Change ``graph``; what is to be taken away must be there."""
    for text in mutation.without:
        subject, predicate, *value = text.split(maxsplit=2)
        gone = statements(text) if value else list(graph.triples((node(subject), node(predicate), None)))
        assert gone, f"not in the data: {text}"
        assert all(triple in graph for triple in gone)
        for triple in gone:
            graph.remove(triple)
    for text in mutation.with_:
        for triple in statements(text):
            assert triple not in graph, f"already in the data: {text}"
            graph.add(triple)


@dataclass
class Cutting:
    """The compiled project, and the part of it around the nodes that mutations touch."""

    harness: Harness
    touched: set[URIRef]
    _out: dict[Node, list[Triple]] = field(default_factory=lambda: defaultdict(list))
    _in: dict[Node, list[Triple]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for triple in self.project:
            self._out[triple[0]].append(triple)
            self._in[triple[2]].append(triple)

    @cached_property
    def project(self) -> Graph:
        project = Project(self.harness.root)
        quads = project.read()
        quads += compute(quads, project.rules)
        return to_graph(quad for quad in quads if quad.graph_name != ALIGNMENTS)

    @cached_property
    def around(self) -> list[Triple]:
        """All statements of and about the touched nodes and their neighbours; of the nodes farther off, what
        they are, what they cite, how firm they are, and who says so."""
        inner: set[Node] = set(self.touched)
        for _ in range(2):
            inner |= {other for one in inner for other in self._neighbours(one)}
        triples = {triple for one in inner for triple in self._out[one]}
        for end in {end for s, _, o in triples for end in (s, o)}:
            triples |= set(self._kept(end))
            for claim, _, _ in self._about(end, ESTABLISHES):
                triples |= {(claim, ESTABLISHES, end), *self._kept(claim)}
        return [*triples, *self.harness.structure]

    def _neighbours(self, one: Node) -> Iterator[Node]:
        yield from (o for _, _, o in self._out[one] if self._is_instance(o))
        if len(self._in[one]) <= (TOUCHED_HUB if one in self.touched else HUB):
            yield from (s for s, _, _ in self._in[one] if self._is_instance(s))

    def _kept(self, one: Node) -> Iterator[Triple]:
        return (triple for triple in self._out[one] if triple[1] in (RDF.type, MODALITY, CITES))

    def _about(self, one: Node, predicate: URIRef) -> Iterator[Triple]:
        return (triple for triple in self._in[one] if triple[1] == predicate)

    def _is_instance(self, one: Node) -> bool:
        return isinstance(one, BNode) or (isinstance(one, URIRef) and one.startswith(_INSTANCES))

    @cached_property
    def before(self) -> set[Finding]:
        return self.judge(None)

    def judge(self, mutation: Mutation | None) -> set[Finding]:
        """What is found at the touched nodes, after the mutation if there is one."""
        graph = Graph()
        graph += self.around
        if mutation:
            apply(mutation, graph)
        judged = Graph()
        for one in self.touched:
            judged += graph.triples((one, None, None))
        graph -= judged
        return findings(validate(judged, self.harness.shapes, graph))


@pytest.fixture(scope="module")
def cutting(harness: Harness) -> Cutting:
    return Cutting(harness, set().union(*map(seeds, MUTATIONS)))


def expected(mutation: Mutation) -> set[Finding]:
    return {(*line.split(), "", "")[:5] for line in mutation.found}


def test_the_cutting_is_a_part_of_the_project_and_sound(cutting: Cutting) -> None:
    assert 5_000 < len(cutting.around) < len(cutting.project)
    assert cutting.before == set()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[m.name.replace(" ", "-") for m in MUTATIONS])
def test_a_mutation_is_found_by_its_shape_and_no_other(cutting: Cutting, mutation: Mutation) -> None:
    assert cutting.judge(mutation) - cutting.before == expected(mutation)


def test_mutations_are_found_in_the_whole_project(cutting: Cutting) -> None:
    """Several at once, since they touch different nodes; everything else in the project conforms."""
    names = (
        "a claim loses its page", "a reference dangles", "an op. cit. is retargeted",
        "a succession goes round",
        "the assessment of the sum of the peacekeepers goes", "two countries are one item of Wikidata",
    )  # fmt: skip
    chosen = [mutation for mutation in MUTATIONS if mutation.name in names]
    assert len(chosen) == len(names)
    graph = Graph()
    graph += cutting.project
    for mutation in chosen:
        apply(mutation, graph)
    found = findings(validate(graph, cutting.harness.shapes))
    violations = {finding for finding in found if finding[2] == "violation"}
    assert violations == set().union(*map(expected, chosen))


def test_every_constraint_that_asks_for_the_whole_graph_is_tried_on_the_real_data_or_said_not_to_be(
    harness: Harness,
) -> None:
    """The others have only their fixtures: the real data offer nothing to break."""
    tried = {line.split()[1] for mutation in MUTATIONS for line in mutation.found}
    names = {shrink(str(shape)) for shape in harness.shapes.subjects(SH.sparql)}
    assert names - tried == {
        "shapes:ConceptHierarchy", "shapes:ConversionCurrency", "shapes:Cycles", "shapes:EventOrder",
        "shapes:NoteConcept", "shapes:SharedLabel",
    }  # fmt: skip
