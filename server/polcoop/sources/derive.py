"""What is computed from the sources: date bounds, the project's CONSTRUCT rules, and the OWL RL closure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from polcoop.errors import ParseError, SourceError
from polcoop.iris import ONTOLOGY as NAMESPACE
from polcoop.iris import PREFIXES
from polcoop.sources.dates import date_bounds
from polcoop.sources.project import ALIGNMENTS, COMPUTED, INFERRED, INSTANCES, VOCABULARIES

_TYPE: Final = NamedNode(f"{PREFIXES['rdf']}type")
_OWL: Final = PREFIXES["owl"]
_LITERAL: Final = "urn:x-polcoop:literal:"
# These axioms could only tell the closure that two nodes are one, which is never meant here: two values where
# one is due are a mistake, which SHACL reports and a merge would hide.
_MERGING: Final = {
    NamedNode(f"{_OWL}{name}")
    for name in ("FunctionalProperty", "InverseFunctionalProperty", "sameAs", "hasKey")
}
# The reasoner passes over these in silence, so their use must not.
_UNSUPPORTED: Final = [NamedNode(f"{_OWL}propertyChainAxiom")]


def compute(quads: Sequence[Quad], rules: Iterable[Path]) -> list[Quad]:
    """Return the quads of the graph ``computed``: date bounds first, then each rule in turn, with the bounds
    of the dates that it finds (a date may be what a claim states of its subject).

    A rule sees the union of all graphs, what the rules before it computed included; what is already stated in
    the sources is not computed again.

    :param rules: files with one SPARQL CONSTRUCT query each.
    :raises ParseError: a rule is not a well formed CONSTRUCT query.
    """
    store = Store()
    store.bulk_extend(quads)
    stated = {quad.triple for quad in quads}
    store.extend(quad for quad in date_bounds(quads, COMPUTED) if quad.triple not in stated)
    for rule in rules:
        found = [
            Quad(t.subject, t.predicate, t.object, COMPUTED)
            for t in _construct(store, rule)
            if t not in stated
        ]
        store.extend(found)
        store.extend(quad for quad in date_bounds(found, COMPUTED) if quad.triple not in stated)
    return list(store.quads_for_pattern(None, None, None, COMPUTED))


def _construct(store: Store, rule: Path) -> list[Triple]:
    try:
        # Without base or defaults: a rule declares the prefixes it uses, so that it can be tried at any
        # endpoint.
        result = store.query(rule.read_text(encoding="utf-8"), use_default_graph_as_union=True)
    except SyntaxError as error:
        raise ParseError(str(error), source=str(rule)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{rule} cannot be read: {error}") from error
    if not isinstance(result, QueryTriples):
        raise ParseError("a rule must be a CONSTRUCT query", source=str(rule))
    return list(result)


def infer(quads: Sequence[Quad]) -> list[Quad]:
    """Return the quads of the graph ``inferred``: what OWL 2 RL (section 4.3) adds about instances and
    concepts.

    Kept are triples whose subject is an IRI described in the instances or vocabularies and whose predicate,
    or whose class, belongs to the project's namespace.  Alignments take no part, nor do annotations.

    :raises SourceError: the ontology uses an axiom that the reasoner does not know.
    """
    used = [quad for quad in quads if quad.graph_name != ALIGNMENTS]
    _refuse_unsupported(used)
    subjects = {
        q.subject
        for q in used
        if q.graph_name in (INSTANCES, VOCABULARIES) and isinstance(q.subject, NamedNode)
    }
    known = {quad.triple for quad in quads}
    return [
        Quad(triple.subject, triple.predicate, triple.object, INFERRED)
        for triple in _closure(used)
        if triple.subject in subjects
        and _ours(triple)
        and triple not in known
        and triple.subject != triple.object
    ]


def _refuse_unsupported(quads: Iterable[Quad]) -> None:
    for quad in quads:
        if quad.predicate in _UNSUPPORTED:
            raise SourceError(f"{quad.subject} uses {quad.predicate}, which the closure does not compute")


def _ours(triple: Triple) -> bool:
    term = triple.object if triple.predicate == _TYPE else triple.predicate
    return (
        isinstance(term, NamedNode)
        and term.value.startswith(NAMESPACE)
        and not isinstance(triple.object, BlankNode)
    )


def _closure(quads: Sequence[Quad]) -> Iterator[Triple]:
    """Yield the closure of ``quads``, each literal hidden from the reasoner behind an IRI.

    The reasoner hands literals back in another spelling (``+00:00`` for ``Z``); nothing that it infers for us
    looks inside one.
    """
    # It imports rdflib, which takes a while and only a compile needs.
    import reasonable  # noqa: PLC0415

    literals: dict[Literal, NamedNode] = {}
    reasoner = reasonable.PyReasoner()
    try:
        with tempfile.NamedTemporaryFile(suffix=".ttl") as file:
            # N-Triples are Turtle.
            serialize(_without_literals(quads, literals), file.file, format=RdfFormat.N_TRIPLES)
            file.flush()
            reasoner.load_file(file.name)
    except OSError as error:
        raise SourceError(f"a file in {tempfile.gettempdir()} cannot be written: {error}") from error
    lines = "".join(f"{s.n3()} {p.n3()} {o.n3()} .\n" for s, p, o in reasoner.reason() if _plain(s, p))
    back = {iri: literal for literal, iri in literals.items()}
    for quad in parse(lines.encode(), format=RdfFormat.TURTLE):
        yield Triple(quad.subject, quad.predicate, back.get(quad.object, quad.object))


def _without_literals(quads: Iterable[Quad], literals: dict[Literal, NamedNode]) -> Iterator[Triple]:
    logical = _data_properties(quads)
    for quad in quads:
        subject, predicate, value = quad.triple
        if predicate in _MERGING or value in _MERGING:
            continue
        if not isinstance(value, Literal):
            yield quad.triple
        elif predicate in logical:
            yield Triple(
                subject, predicate, literals.setdefault(value, NamedNode(f"{_LITERAL}{len(literals)}"))
            )


def _data_properties(quads: Iterable[Quad]) -> set[object]:
    """Return the predicates whose literals the closure needs: declared data properties, and owl:hasValue."""
    data_property = NamedNode(f"{_OWL}DatatypeProperty")
    return {NamedNode(f"{_OWL}hasValue")} | {
        quad.subject for quad in quads if quad.predicate == _TYPE and quad.object == data_property
    }


def _plain(subject: object, predicate: object) -> bool:
    """Whether both are IRIs that N-Triples can hold; OWL RL also infers statements about literals and blank
    nodes."""
    return not str(subject).startswith((_LITERAL, "riog")) and ":" in str(subject) and ":" in str(predicate)
