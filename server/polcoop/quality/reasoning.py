"""Is a graph consistent in OWL 2 DL, can every class have a member, and if not: which axioms and individuals
clash.

Specification: OWL 2 Direct Semantics; the reasoner is HermiT.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rdflib import OWL, RDF, Graph, URIRef
from rdflib.term import Node

from polcoop.iris import shrink
from polcoop.quality.axioms import Axiom, Axioms, cut, serialise
from polcoop.quality.explain import Justification, Search
from polcoop.quality.hermit import Hermit, ReasonerTimeoutError
from polcoop.quality.manchester import sentence
from polcoop.quality.profile import usable

_PROBE = URIRef("urn:polcoop:a-member")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Individual:
    """An individual to look at: its name and what the data asserts of it, one sentence each, the guilty ones
    first.
    """

    name: str
    statements: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One clash, in words.  ``about`` names an unsatisfiable class, or is empty for an inconsistency of the
    data.

    ``minimal`` is False when time ran out while superfluous axioms were being removed.
    """

    about: str
    axioms: tuple[str, ...]
    assertions: tuple[str, ...]
    individuals: tuple[Individual, ...]
    minimal: bool


@dataclass(frozen=True, slots=True)
class ReasoningReport:
    """What HermiT says; ``seconds`` is the time of the verdict, without that of the explanations."""

    consistent: bool
    unsatisfiable: tuple[str, ...]
    explanations: tuple[Explanation, ...]
    terminology: int
    assertions: int
    seconds: float

    @property
    def fine(self) -> bool:
        """Consistent, and every class can have a member."""
        return self.consistent and not self.unsatisfiable


def reason(graph: Graph, *, seconds: float = 600, patience: float = 60, causes: int = 3) -> ReasoningReport:
    """Ask HermiT about ``graph``: at most ``seconds`` for the verdict, ``patience`` more to explain up to
    ``causes``.

    Statements that are outside OWL 2 DL (undeclared properties, literals that no OWL 2 datatype covers) are
    not part of what is judged; ``profile.violations`` names them.

    :raises MissingReasonerError: Java or HermiT is not there.
    :raises ReasonerTimeoutError: there is no verdict in time.
    :raises ReasonerError: HermiT gives up.
    """
    hermit = Hermit.installed()
    axioms = cut(usable(graph))
    with tempfile.TemporaryDirectory(prefix="polcoop-reason-") as folder:
        start = time.monotonic()
        whole = _write(Path(folder) / "whole.nt", axioms.declarations, axioms.terminology, axioms.assertions)
        consistent = hermit.consistent_prefix([whole], seconds) == 1
        unsatisfiable: tuple[str, ...] = ()
        if consistent:
            # Without individuals: whether a class can have members does not depend on them (save nominals).
            terms = _write(Path(folder) / "terms.nt", axioms.declarations, axioms.terminology)
            unsatisfiable = hermit.unsatisfiable(terms, seconds)
        elapsed = time.monotonic() - start
        search = Search(hermit, Path(folder), time.monotonic() + patience)
        found = (
            _classes(search, axioms, unsatisfiable[:causes])
            if consistent
            else _clashes(search, axioms, causes)
        )
    return ReasoningReport(
        consistent, unsatisfiable, found, len(axioms.terminology), len(axioms.assertions), round(elapsed, 2)
    )


def _write(path: Path, *groups: tuple[Axiom, ...]) -> Path:
    path.write_text("".join(serialise(group) for group in groups), encoding="utf-8")
    return path


def _clashes(search: Search, axioms: Axioms, causes: int) -> tuple[Explanation, ...]:
    """Explanations of an inconsistency; after each, its assertions are taken away to see whether another is
    left.
    """
    found: list[Explanation] = []
    rest = axioms
    while len(found) < causes:
        try:
            if found and search.hermit.consistent_prefix(
                [_write(search.folder / "rest.nt", rest.declarations, rest.terminology, rest.assertions)],
                search.deadline - time.monotonic(),
            ):
                break
            why = search.justification(rest)
        except ReasonerTimeoutError:
            break
        found.append(_in_words("", why, axioms))
        guilty = set(why.assertions)
        if not guilty:
            break
        rest = replace(rest, assertions=tuple(a for a in rest.assertions if a not in guilty))
    return tuple(found)


def _classes(search: Search, axioms: Axioms, classes: tuple[str, ...]) -> tuple[Explanation, ...]:
    """Why each of ``classes`` is empty: what clashes once it is given a member."""
    found = []
    for iri in classes:
        member = Axiom(((_PROBE, RDF.type, URIRef(iri)),))
        try:
            why = search.justification(replace(axioms, assertions=(member,)))
        except ReasonerTimeoutError:
            break
        found.append(_in_words(shrink(iri), replace(why, assertions=()), axioms))
    return tuple(found)


def _in_words(about: str, why: Justification, axioms: Axioms) -> Explanation:
    named = [n for axiom in why.assertions for n in (axiom.head[0], axiom.head[2]) if isinstance(n, URIRef)]
    classes = {a.head[2] for a in axioms.assertions if a.head[1] == RDF.type}
    nodes = [node for node in dict.fromkeys(named) if node not in classes and not node.startswith(str(OWL))]
    return Explanation(
        about=about,
        axioms=tuple(sentence(axiom) for axiom in why.terminology),
        assertions=tuple(sentence(axiom) for axiom in why.assertions),
        individuals=tuple(_portrait(node, why, axioms) for node in nodes),
        minimal=why.minimal,
    )


def _portrait(node: Node, why: Justification, axioms: Axioms) -> Individual:
    own = [axiom for axiom in axioms.assertions if axiom.head[0] == node]
    own.sort(key=lambda axiom: (axiom not in why.assertions, axiom.head[1] != RDF.type))
    shown = tuple(sentence(axiom) for axiom in own[:_SHOWN])
    return Individual(shrink(str(node)), shown, max(0, len(own) - _SHOWN))
