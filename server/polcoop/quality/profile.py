"""Is a graph an OWL 2 DL ontology: declarations, punning, simple properties, datatypes.

HermiT itself is lenient (it guesses what an undeclared property is) or aborts (a date), so this is asked
first. Specification: OWL 2 Structural Specification, sections 5.8 (declarations and typing), 4 (datatype map)
and 11 (global restrictions); OWL 2 Mapping to RDF Graphs, section 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from polcoop.iris import shrink
from polcoop.quality.axioms import BUILT_IN_ANNOTATIONS, Triple
from polcoop.quality.hierarchy import composite_properties, irregular_chains

DATATYPE_MAP: Final = frozenset(
    {
        *(XSD[name] for name in (
            "string", "boolean", "decimal", "integer", "double", "float", "dateTime", "dateTimeStamp",
            "anyURI",
            "hexBinary", "base64Binary", "nonNegativeInteger", "nonPositiveInteger", "positiveInteger",
            "negativeInteger", "long", "int", "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort",
            "unsignedByte", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN",
        )),
        RDFS.Literal, RDF.PlainLiteral, RDF.XMLLiteral, RDF.langString, URIRef(str(OWL) + "real"),
        OWL.rational,
    }
)  # fmt: skip
"""Datatypes of OWL 2, section 4, with rdf:langString, which RDF 1.1 made the type of language-tagged text."""

_KINDS: Final = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
_RESERVED: Final = (str(RDF), str(RDFS), str(OWL), str(XSD))
_BUILT_IN_CLASSES: Final = frozenset({OWL.Thing, OWL.Nothing})
_BUILT_IN_PROPERTIES: Final = frozenset(
    {OWL.topObjectProperty, OWL.bottomObjectProperty, OWL.topDataProperty, OWL.bottomDataProperty}
)
_VOCABULARY: Final = frozenset(
    {
        OWL.Class, OWL.Restriction, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty,
        RDFS.Datatype, OWL.NamedIndividual, OWL.Ontology, OWL.Axiom, OWL.Annotation, OWL.AllDisjointClasses,
        OWL.AllDifferent,
        OWL.AllDisjointProperties, OWL.NegativePropertyAssertion, OWL.FunctionalProperty, RDF.List,
        OWL.InverseFunctionalProperty, OWL.TransitiveProperty, OWL.SymmetricProperty, OWL.AsymmetricProperty,
        OWL.ReflexiveProperty, OWL.IrreflexiveProperty,
    }
)  # fmt: skip
_CLASS_SLOTS: Final = (
    RDFS.subClassOf, OWL.equivalentClass, OWL.disjointWith, OWL.complementOf, OWL.onClass,
)  # fmt: skip
_RANGE_SLOTS: Final = (
    RDFS.range, OWL.someValuesFrom, OWL.allValuesFrom, OWL.onDatatype, OWL.onDataRange,
    OWL.equivalentClass, RDF.first,
)  # fmt: skip
_CARDINALITIES: Final = (
    OWL.minCardinality, OWL.maxCardinality, OWL.cardinality, OWL.minQualifiedCardinality,
    OWL.maxQualifiedCardinality, OWL.qualifiedCardinality, OWL.hasSelf,
)  # fmt: skip
_SIMPLE_ONLY: Final = (
    OWL.FunctionalProperty, OWL.InverseFunctionalProperty, OWL.IrreflexiveProperty, OWL.AsymmetricProperty,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProfileViolation:
    """One way in which a graph leaves OWL 2 DL: the rule's short name, the term or statement, and what is
    wrong.
    """

    rule: str
    subject: str
    detail: str


def violations(graph: Graph) -> tuple[ProfileViolation, ...]:
    """Everything that puts ``graph`` outside OWL 2 DL, in a stable order."""
    checks: tuple[Callable[[Graph], Iterable[ProfileViolation]], ...] = (
        _properties, _punning, _classes, _reserved, _values, _datatypes, _simplicity, _chains, _anonymous,
    )  # fmt: skip
    return tuple(dict.fromkeys(found for check in checks for found in check(graph)))


def usable(graph: Graph) -> Graph:
    """``graph`` without the literals that make HermiT abort; itself when there are none."""
    bad = [triple for triple, _ in _bad_literals(graph)]
    if not bad:
        return graph
    kept = Graph()
    for triple in graph:
        kept.add(triple)
    for triple in bad:
        kept.remove(triple)
    return kept


def _annotations(graph: Graph) -> frozenset[Node]:
    return BUILT_IN_ANNOTATIONS | frozenset(graph.subjects(RDF.type, OWL.AnnotationProperty))


def _kinds(graph: Graph, prop: Node) -> list[Node]:
    return [kind for kind in _KINDS if (prop, RDF.type, kind) in graph]


def _is_reserved(term: Node) -> bool:
    return isinstance(term, URIRef) and str(term).startswith(_RESERVED)


def _properties(graph: Graph) -> Iterator[ProfileViolation]:
    """5.8.2: every property that is used is declared."""
    uses = Counter(graph.predicates())
    for prop in graph.objects(None, OWL.onProperty):
        uses[prop] += 1
    for prop in sorted(uses, key=str):
        if isinstance(prop, URIRef) and not _is_reserved(prop) and not _kinds(graph, prop):
            example = next(iter(graph.triples((None, prop, None))), None)
            where = f", for example in: {_statement(example)}" if example else " in a restriction"
            yield ProfileViolation(
                "undeclared-property", shrink(str(prop)), f"used {uses[prop]} times but not declared{where}"
            )


def _punning(graph: Graph) -> Iterator[ProfileViolation]:
    """5.8.1: an IRI is at most one kind of property, and not both a class and a datatype."""
    for prop in sorted({p for kind in _KINDS for p in graph.subjects(RDF.type, kind)}, key=str):
        kinds = _kinds(graph, prop)
        if len(kinds) > 1:
            names = " and ".join(shrink(str(kind)) for kind in kinds)
            yield ProfileViolation("property-punning", shrink(str(prop)), f"is declared as {names}")
    for cls in graph.subjects(RDF.type, OWL.Class):
        if (cls, RDF.type, RDFS.Datatype) in graph:
            yield ProfileViolation("class-punning", shrink(str(cls)), "is both a class and a datatype")


def _classes(graph: Graph) -> Iterator[ProfileViolation]:
    """5.8.2: every class that is used is declared."""
    used: dict[Node, Triple] = {}
    for triple in graph.triples((None, RDF.type, None)):
        used.setdefault(triple[2], triple)
    for slot in _CLASS_SLOTS:
        for triple in graph.triples((None, slot, None)):
            used.setdefault(triple[0], triple)
            used.setdefault(triple[2], triple)
    for triple in (*graph.triples((None, RDFS.domain, None)), *graph.triples((None, RDFS.range, None))):
        used.setdefault(triple[2], triple)
    declared = {
        *graph.subjects(RDF.type, OWL.Class),
        *graph.subjects(RDF.type, RDFS.Datatype),
        *_BUILT_IN_CLASSES,
    }
    for term in sorted(used, key=str):
        if isinstance(term, URIRef) and not _is_reserved(term) and term not in declared:
            yield ProfileViolation(
                "undeclared-class",
                shrink(str(term)),
                f"used but not declared, for example in: {_statement(used[term])}",
            )


def _reserved(graph: Graph) -> Iterator[ProfileViolation]:
    """2.4: rdf:, rdfs:, owl: and xsd: terms mean what the specification says, nothing else."""
    allowed = _VOCABULARY | _BUILT_IN_CLASSES
    for cls in sorted(set(graph.objects(None, RDF.type)), key=str):
        if _is_reserved(cls) and cls not in allowed:
            example = next(iter(graph.triples((None, RDF.type, cls))))
            yield ProfileViolation(
                "reserved-vocabulary", shrink(str(cls)), f"is no class of OWL 2: {_statement(example)}"
            )
    mistaken = {RDF.value, RDF.subject, RDF.predicate, RDF.object, RDFS.member}
    for prop in sorted(mistaken & set(graph.predicates()), key=str):
        example = next(iter(graph.triples((None, prop, None))))
        yield ProfileViolation(
            "reserved-vocabulary", shrink(str(prop)), f"is no property of OWL 2: {_statement(example)}"
        )


def _values(graph: Graph) -> Iterator[ProfileViolation]:
    """9.5: object properties lead to individuals, data properties to literals."""
    for kind, wrong, word in (
        (OWL.ObjectProperty, True, "a literal"),
        (OWL.DatatypeProperty, False, "an IRI or blank node"),
    ):
        for prop in sorted(graph.subjects(RDF.type, kind), key=str):
            for triple in graph.triples((None, prop, None)):
                if isinstance(triple[2], Literal) is wrong:
                    detail = f"is {shrink(str(kind))}, but its value is {word}: {_statement(triple)}"
                    yield ProfileViolation("wrong-kind-of-value", shrink(str(prop)), detail)


def _bad_literals(graph: Graph) -> Iterator[tuple[Triple, Literal]]:
    annotations = _annotations(graph)
    for triple in graph:
        value = triple[2]
        if not isinstance(value, Literal) or value.datatype is None or triple[1] in annotations:
            continue
        if value.datatype not in DATATYPE_MAP or value.ill_typed:
            yield triple, value


def _datatypes(graph: Graph) -> Iterator[ProfileViolation]:
    """4, 5.7: literals have a datatype of OWL 2 and a form that it knows; other datatypes are defined."""
    for triple, value in sorted(_bad_literals(graph), key=lambda found: _statement(found[0])):
        known = value.datatype in DATATYPE_MAP
        name = shrink(str(value.datatype))
        reason = f"no lexical form of {name}" if known else f"{name} is not in the datatype map of OWL 2"
        rule = "ill-formed-literal" if known else "datatype-outside-owl"
        yield ProfileViolation(rule, shrink(str(triple[1])), f"{reason}: {_statement(triple)}")
    for datatype in sorted(graph.subjects(RDF.type, RDFS.Datatype), key=str):
        # A datatype that only annotations use, such as gsp:wktLiteral, has no part in the logic.
        used = any((None, slot, datatype) in graph for slot in _RANGE_SLOTS)
        known = datatype in DATATYPE_MAP or (datatype, OWL.equivalentClass, None) in graph
        if isinstance(datatype, URIRef) and used and not known:
            yield ProfileViolation(
                "undefined-datatype", shrink(str(datatype)), "is used but neither known nor defined"
            )


def _simplicity(graph: Graph) -> Iterator[ProfileViolation]:
    """11.2: a transitive property, or one above it or made of a chain, takes no part in counting or
    disjointness.
    """
    reasons = composite_properties(graph)
    for prop, reason in sorted(reasons.items(), key=lambda item: str(item[0])):
        uses = [shrink(str(kind)) for kind in _SIMPLE_ONLY if (prop, RDF.type, kind) in graph]
        for restriction in graph.subjects(OWL.onProperty, prop):
            uses += [shrink(str(c)) for c in _CARDINALITIES if (restriction, c, None) in graph]
        if (prop, OWL.propertyDisjointWith, None) in graph or (None, OWL.propertyDisjointWith, prop) in graph:
            uses.append(shrink(str(OWL.propertyDisjointWith)))
        for group in graph.subjects(RDF.type, OWL.AllDisjointProperties):
            head = graph.value(group, OWL.members)
            if head is not None and prop in Collection(graph, head):
                uses.append(shrink(str(OWL.AllDisjointProperties)))
        for use in uses:
            yield ProfileViolation(
                "non-simple-property", shrink(str(prop)), f"{reason}, and yet is used with {use}"
            )


def _chains(graph: Graph) -> Iterator[ProfileViolation]:
    """11.2: the order that property chains impose on properties has no cycle."""
    for prop in irregular_chains(graph):
        yield ProfileViolation(
            "irregular-chain", shrink(str(prop)), "is reached from itself through a property chain"
        )


def _anonymous(graph: Graph) -> Iterator[ProfileViolation]:
    """11.2: anonymous individuals form trees, so none is the value of two statements."""
    objects = [p for p in graph.subjects(RDF.type, OWL.ObjectProperty) if isinstance(p, URIRef)]
    targets = Counter(o for prop in objects for o in graph.objects(None, prop) if isinstance(o, BNode))
    for node, count in targets.items():
        if count > 1:
            example = next(t for p in objects for t in graph.triples((None, p, node)))
            yield ProfileViolation(
                "shared-blank-node", "_:", f"is the value of {count} statements: {_statement(example)}"
            )


def _statement(triple: Triple) -> str:
    return " ".join(_word(term) for term in triple)


def _word(term: Node) -> str:
    if isinstance(term, URIRef):
        return shrink(str(term))
    if isinstance(term, BNode):
        return "[]"
    return (
        term.n3()
        if not isinstance(term, Literal) or not term.datatype
        else f'"{term}"^^{shrink(str(term.datatype))}'
    )
