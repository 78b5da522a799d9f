"""SHACL-SPARQL constraints asked once for all focus nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from rdflib import XSD, Literal, URIRef

from polcoop.quality.plans.grammar import asked
from polcoop.quality.plans.terms import (
    BLANK,
    BOOLEAN,
    INSTANT,
    INTEGER,
    IRI,
    NOTHING,
    NUMBER,
    TAGGED,
    TEXT,
    UNKNOWN,
    Kinds,
)
from polcoop.quality.plans.unplanned import UnplannedError
from polcoop.sources.inquiry import Inquiry

if TYPE_CHECKING:
    from polcoop.quality.plans.index import Index

_TYPED: Final = re.compile(r'".*>$', re.DOTALL)
_TYPES: Final = {XSD.integer: INTEGER, XSD.decimal: NUMBER, XSD.boolean: BOOLEAN, XSD.string: TEXT}
_NODE: Final = URIRef("urn:x-polcoop:nobody")


class Questions:
    """The engine over an index, filled when first asked."""

    def __init__(self, index: Index) -> None:
        self._index = index

    @cached_property
    def _engine(self) -> Inquiry:
        return Inquiry(self._rows())

    def _rows(self) -> Iterator[bytes]:
        keys = self._index.keys
        for predicate, adjacent in self._index.forward.items():
            verb = keys[predicate]
            yield "".join(
                f"{keys[s]} {verb} {keys[o]} .\n" for s, things in adjacent.items() for o in things
            ).encode()

    def violators(self, constraint: Any, focuses: set[int]) -> set[int]:
        """Those of ``focuses`` for which a query of the constraint may have a solution.

        :raises UnplannedError: the query is left to pySHACL.
        """
        return set().union(*(self.askers(query, focuses) for query in texts(constraint)))

    def askers(self, query: str, focuses: set[int]) -> set[int]:
        """Those of ``focuses`` for which a query may have a solution.

        :raises UnplannedError: the query is left to pySHACL.
        """
        if self._index.twins:
            raise UnplannedError("literals that the engine takes for one")
        # The engine spells numbers and dates in its own way, and has no text for a blank node, which rdflib
        # has: such focus nodes are all looked at.
        named = {focus for focus in focuses if self._index.keys[focus][0] == "<"}
        plan = asked(query, controls=self._index.controls, kinds=self._kinds)
        try:
            found = self._found(plan.query, named)
            without = [named - self._found(rows, named) for rows in plan.rows]
        except (SyntaxError, ValueError) as error:
            raise UnplannedError("the engine refuses the query") from error
        return found.union(focuses - named, *without)

    def _found(self, query: Sequence[str], focuses: set[int]) -> set[int]:
        keys = self._index.keys
        told = self._engine.found(query, "this", (keys[focus] for focus in focuses))
        return {focus for focus in focuses if keys[focus] in told}

    def _kinds(self, predicate: str, place: str) -> Kinds:
        """What the subjects or objects of a predicate are."""
        index, number = self._index, self._index.number(URIRef(predicate))
        things = index.forward.get(number, {}) if place == "subject" else index.backward(number)
        return NOTHING.union(*{_kind(index, thing) for thing in things})


def _kind(index: Index, number: int) -> Kinds:
    term = index.keys[number]
    if term[0] != '"':
        return IRI if term[0] == "<" else BLANK
    if not _TYPED.match(term):
        return TEXT if term[-1] == '"' else TAGGED
    literal = index.node(number)
    if not isinstance(literal, Literal) or literal.ill_typed or literal.value is None:
        return UNKNOWN
    if literal.datatype == XSD.dateTime:
        return INSTANT if getattr(literal.value, "tzinfo", None) else UNKNOWN
    return _TYPES.get(literal.datatype, UNKNOWN) if literal.datatype else UNKNOWN


def texts(constraint: Any) -> Iterator[str]:
    """The active queries of a constraint as pySHACL asks them.

    :raises UnplannedError: pySHACL refuses one, or binds more variables in it.
    """
    for helper in constraint.sparql_constraints:
        if helper.deactivated:
            continue
        try:
            bound, text = helper.pre_bind_variables(_NODE)
            query: str = helper.apply_prefixes(text)
        except Exception as error:
            raise UnplannedError("refused") from error
        if bound.keys() - {"this"}:
            raise UnplannedError("more than $this is bound")
        yield query
