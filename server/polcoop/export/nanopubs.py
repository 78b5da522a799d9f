"""Each claim as a nanopublication (Nanopublication Guidelines, nanopub.net): what is asserted, where that
comes from, and who publishes it, each in a graph of its own.

A claim that the note vouches for, or attributes to a named voice, asserts what it states: the relation, or
the description of the facts.  Any other (conditional, tentative, quoted, opinion, or about a fact that is
hedged elsewhere) asserts only that the claim is made: whoever collects assertions must not find in them what
the note has only as hearsay.  The modality stands in the provenance of every one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat

from polcoop.export.compiled import Compiled, Term, written_out
from polcoop.iris import BASE, ONTOLOGY, PREFIXES

NP: Final = "http://www.nanopub.org/nschema#"
NANOPUBS: Final = f"{BASE}nanopub/"
"""Namespace of the nanopublications: the claim's own slug follows."""
_INSTANCES: Final = NamedNode(f"{PREFIXES['graph']}instances")
_LICENSE: Final = NamedNode("https://creativecommons.org/publicdomain/zero/1.0/")
_NOTE: Final = NamedNode(f"{PREFIXES['work']}note-135")
_CREATOR: Final = Literal("The polcoop contributors")
_FIRM: Final = frozenset(PREFIXES["modality"] + name for name in ("asserted", "attributed"))
_TRUE: Final = Literal(True)


def _p(name: str) -> NamedNode:
    return NamedNode(ONTOLOGY + name)


_TYPE: Final = NamedNode(f"{PREFIXES['rdf']}type")
_RELATION: Final = tuple(map(_p, ("claimSubject", "claimPredicate", "claimObject", "claimValue")))
# Of the claim itself, what tells what is claimed; the rest is where it comes from.
_CONTENT: Final = (*_RELATION, *map(_p, ("statement", "claimKind", "establishes", "about", "hasTopic")))
_GROUNDS: Final = tuple(
    map(_p, (
        "modality", "isHedged", "assessment", "editorialNote", "onPage", "pageEnd", "inSection", "claimant",
        "attributedTo", "restsOn", "inFootnote", "restsOnWork", "contradicts",
    ))
)  # fmt: skip
# Editors' remarks and what is computed for queries are not what the note asserts.
_NOT_ASSERTED: Final = frozenset(map(_p, ("editorialNote", "modality", "isHedged", "earliest", "latest")))
Properties = dict[NamedNode, list[Term]]


def write(data: Compiled) -> bytes:
    """All nanopublications, in TriG, by claim."""
    prefixes = {**PREFIXES, "np": NP, "nanopub": NANOPUBS}
    return written_out(_nanopubs(data), RdfFormat.TRIG, prefixes)


def _nanopubs(data: Compiled) -> Iterator[Quad]:
    known = _described(data.quads, of_instances=False)
    written = _described(data.quads, of_instances=True)
    claim_class = _p("Claim")
    claims = sorted(s.value for s, ps in written.items() if claim_class in ps.get(_TYPE, ()))
    for claim in claims:
        yield from _nanopub(data, NamedNode(claim), known, written)


def _described(quads: Iterable[Quad], *, of_instances: bool) -> dict[NamedNode, Properties]:
    """What is said of each IRI; with ``of_instances`` only what was written by hand of the note's matter."""
    found: dict[NamedNode, Properties] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        if isinstance(quad.subject, NamedNode) and (not of_instances or quad.graph_name == _INSTANCES):
            found[quad.subject][quad.predicate].append(quad.object)
    return found


def _nanopub(
    data: Compiled, claim: NamedNode, known: dict[NamedNode, Properties], written: dict[NamedNode, Properties]
) -> Iterator[Quad]:
    this = NamedNode(NANOPUBS + claim.value.rpartition("/")[2])
    head, assertion, provenance, info = (
        NamedNode(f"{this.value}#{part}") for part in ("Head", "assertion", "provenance", "pubinfo")
    )
    yield Quad(this, _TYPE, NamedNode(f"{NP}Nanopublication"), head)
    for part, graph in (("Assertion", assertion), ("Provenance", provenance), ("PublicationInfo", info)):
        yield Quad(this, NamedNode(f"{NP}has{part}"), graph, head)
    for subject, predicate, value in _asserted(claim, known, written):
        yield Quad(subject, predicate, value, assertion)
    for predicate, value in _grounds(claim, known):
        yield Quad(assertion, predicate, value, provenance)
    dcterms = PREFIXES["dcterms"]
    created = Literal(data.manifest.created, datatype=NamedNode(f"{PREFIXES['xsd']}dateTime"))
    yield Quad(this, NamedNode(f"{dcterms}created"), created, info)
    yield Quad(this, NamedNode(f"{dcterms}creator"), _CREATOR, info)
    yield Quad(this, NamedNode(f"{dcterms}license"), _LICENSE, info)
    yield Quad(this, NamedNode(f"{dcterms}subject"), claim, info)
    yield Quad(this, NamedNode(f"{PREFIXES['owl']}versionInfo"), Literal(data.manifest.version), info)


def _asserted(
    claim: NamedNode, known: dict[NamedNode, Properties], written: dict[NamedNode, Properties]
) -> Iterator[tuple[NamedNode, NamedNode, Term]]:
    said = known[claim]
    facts, firm = _facts(said), _is_firm(said, known)
    subject, predicate = (next(iter(said.get(p, ())), None) for p in _RELATION[:2])
    if firm and isinstance(subject, NamedNode) and isinstance(predicate, NamedNode):
        for p in _RELATION[2:]:
            for value in _sorted(said.get(p, ())):
                yield subject, predicate, value
    elif firm and facts:
        for fact in facts:
            for p, values in sorted(written[fact].items(), key=lambda item: item[0].value):
                yield from ((fact, p, value) for value in _sorted(values) if p not in _NOT_ASSERTED)
    else:
        yield claim, _TYPE, _p("Claim")
        for p in _CONTENT:
            yield from ((claim, p, value) for value in _sorted(said.get(p, ())))


def _facts(said: Properties) -> list[NamedNode]:
    return [fact for fact in _sorted(said.get(_p("establishes"), ())) if isinstance(fact, NamedNode)]


def _is_firm(said: Properties, known: dict[NamedNode, Properties]) -> bool:
    return all(m in _FIRM for m in _values(said, "modality")) and not any(
        _TRUE in known[fact].get(_p("isHedged"), ()) for fact in _facts(said)
    )


def _grounds(claim: NamedNode, known: dict[NamedNode, Properties]) -> Iterator[tuple[NamedNode, Term]]:
    said = known[claim]
    prov = PREFIXES["prov"]
    yield NamedNode(f"{prov}wasDerivedFrom"), claim
    yield NamedNode(f"{prov}hadPrimarySource"), _NOTE
    # A voice answers for what it says; that the note makes a claim of it is the claimant's doing alone.
    responsible = ("claimant", "attributedTo") if _is_firm(said, known) else ("claimant",)
    for name in responsible:
        for value in _sorted(said.get(_p(name), ())):
            yield NamedNode(f"{prov}wasAttributedTo"), value
    for footnote in _sorted([*said.get(_p("restsOn"), ()), *said.get(_p("inFootnote"), ())]):
        if isinstance(footnote, NamedNode):
            for work in _sorted(known[footnote].get(_p("citesWork"), ())):
                yield NamedNode(f"{prov}wasDerivedFrom"), work
    for p in _GROUNDS:
        yield from ((p, value) for value in _sorted(said.get(p, ())))


def _values(said: Properties, name: str) -> list[str]:
    return [value.value for value in said.get(_p(name), ()) if isinstance(value, NamedNode | Literal)]


def _sorted(values: Iterable[Term]) -> list[Term]:
    return sorted(values, key=str)
