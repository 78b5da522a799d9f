"""A graph cut into logical axioms: what HermiT has to see, one piece at a time.

Annotations, ontology headers and imports carry no logic and are left out.  Specification: OWL 2 Mapping to
RDF Graphs, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import OWL, RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from polcoop.quality.plans.index import key

Triple = tuple[Node, Node, Node]

DECLARATIONS = frozenset(
    {
        OWL.Class,
        RDFS.Datatype,
        OWL.ObjectProperty,
        OWL.DatatypeProperty,
        OWL.AnnotationProperty,
        OWL.NamedIndividual,
    }
)
BUILT_IN_ANNOTATIONS = frozenset(
    {
        RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy, OWL.versionInfo, OWL.deprecated,
        OWL.backwardCompatibleWith, OWL.incompatibleWith, OWL.priorVersion,
    }
)  # fmt: skip
_HEADER = frozenset({OWL.imports, OWL.versionIRI, *BUILT_IN_ANNOTATIONS})
_TERMINOLOGY = frozenset(
    {
        RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.equivalentClass, OWL.disjointWith,
        OWL.disjointUnionOf, OWL.unionOf, OWL.intersectionOf, OWL.complementOf, OWL.oneOf, OWL.hasKey,
        OWL.equivalentProperty, OWL.inverseOf, OWL.propertyDisjointWith, OWL.propertyChainAxiom,
        OWL.onDatatype,
    }
)  # fmt: skip
_CHARACTERISTICS = frozenset(
    {
        OWL.FunctionalProperty, OWL.InverseFunctionalProperty, OWL.TransitiveProperty, OWL.SymmetricProperty,
        OWL.AsymmetricProperty, OWL.ReflexiveProperty, OWL.IrreflexiveProperty, OWL.AllDisjointClasses,
        OWL.AllDisjointProperties,
    }
)  # fmt: skip
_REIFICATIONS = frozenset({OWL.Axiom, OWL.Annotation})


@dataclass(frozen=True, slots=True)
class Axiom:
    """One axiom or assertion: its triples, the first being the one that names the subject."""

    triples: tuple[Triple, ...]

    @property
    def head(self) -> Triple:
        return self.triples[0]

    @property
    def nodes(self) -> frozenset[URIRef]:
        """The IRIs that the axiom is about: subjects and objects, no predicates."""
        return frozenset(n for s, _, o in self.triples for n in (s, o) if isinstance(n, URIRef))

    @property
    def text(self) -> str:
        """The axiom in N-Triples."""
        return "".join(_line(triple) for triple in self.triples)


@dataclass(frozen=True, slots=True)
class Axioms:
    """A graph sorted into declarations (always kept), terminology (T-Box) and assertions (A-Box)."""

    declarations: tuple[Axiom, ...]
    terminology: tuple[Axiom, ...]
    assertions: tuple[Axiom, ...]


def cut(graph: Graph) -> Axioms:
    """Sort the logical part of ``graph``; statements with an undeclared property are left out (see
    ``profile``).
    """
    annotations = BUILT_IN_ANNOTATIONS | set(graph.subjects(RDF.type, OWL.AnnotationProperty))
    logical = set(graph.subjects(RDF.type, OWL.ObjectProperty)) | set(
        graph.subjects(RDF.type, OWL.DatatypeProperty)
    )
    declarations: list[Axiom] = []
    terminology: list[Axiom] = []
    assertions: list[Axiom] = []
    for axiom in _units(graph):
        _, predicate, obj = axiom.head
        if predicate == RDF.type and obj in DECLARATIONS:
            declarations.append(axiom)
        elif predicate in _TERMINOLOGY or (predicate == RDF.type and obj in _CHARACTERISTICS):
            terminology.append(axiom)
        elif predicate in (RDF.type, OWL.sameAs, OWL.differentFrom) or predicate in logical - annotations:
            assertions.append(axiom)
    return Axioms(tuple(declarations), tuple(terminology), tuple(assertions))


def _units(graph: Graph) -> Iterator[Axiom]:
    """Each triple with a named subject, or each blank node that nothing points at, with the blank nodes below
    it.
    """
    ontologies = set(graph.subjects(RDF.type, OWL.Ontology))
    for subject in sorted(set(graph.subjects()), key=str):
        if subject in ontologies or isinstance(subject, Literal):
            continue
        if isinstance(subject, URIRef):
            for _, predicate, obj in sorted(
                graph.triples((subject, None, None)), key=lambda t: (t[1], str(t[2]))
            ):
                yield Axiom(((subject, predicate, obj), *_below(graph, obj, set())))
        elif next(graph.subjects(None, subject), None) is None:
            kind = graph.value(subject, RDF.type)
            if kind not in _REIFICATIONS:
                yield _rooted(graph, subject)


def _rooted(graph: Graph, root: Node) -> Axiom:
    triples = list(_below(graph, root, set()))
    triples.sort(key=lambda t: (t[0] != root, t[1] != RDF.type))
    return Axiom(tuple(triples))


def _below(graph: Graph, node: Node, seen: set[Node]) -> Iterator[Triple]:
    """Every triple of the blank node ``node`` and of the blank nodes that it leads to."""
    # Without recursion: each member of a list lies a level deeper than the one before.
    levels: list[Iterator[Triple]] = []

    def enter(node: Node) -> None:
        if isinstance(node, BNode) and node not in seen:
            seen.add(node)
            levels.append(graph.triples((node, None, None)))

    enter(node)
    while levels:
        triple = next(levels[-1], None)
        if triple is None:
            levels.pop()
            continue
        yield triple
        enter(triple[2])


def serialise(axioms: Iterable[Axiom]) -> str:
    """N-Triples of all ``axioms``."""
    return "".join(axiom.text for axiom in axioms)


def _line(triple: Triple) -> str:
    return " ".join(key(term) for term in triple) + " .\n"
