"""What the text around a SERVICE clause says of its variables: the local part that it is joined with.

A solution of the clause that agrees with no solution of that part cannot contribute to the answer, so the
remote endpoint need not send it.  Whatever is left out of the part makes it say less, never something wrong,
with two exceptions that are minded here: OPTIONAL, BIND and MINUS depend on all that stands before them in
their group, and a FILTER of an OPTIONAL group looks beyond the group.

The part is gathered from the clause's own group outwards: through groups, UNION and GRAPH, and over the edge
of one OPTIONAL, MINUS or EXISTS, but not beyond it, since a row that finds no partner lives on there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from polcoop.sparql.federation.scope import GRAPH, GROUP, JOINS, UNION, Scope, elements
from polcoop.sparql.syntax import Syntax

if TYPE_CHECKING:
    from tree_sitter import Node

_EDGES: Final = frozenset({"optional_graph_pattern", "minus_graph_pattern"})
_EXISTS: Final = frozenset({"exists_func", "not_exists_func"})

Pieces = Collection[tuple["Node", str]]


@dataclass(frozen=True, slots=True)
class Joined:
    """A group graph pattern as text, and the variables that it may bind."""

    text: str
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Level:
    """A group, the element of it that holds the clause, and whether that is an OPTIONAL, MINUS or EXISTS."""

    group: Node
    element: Node
    edge: bool


class Surroundings:
    """The local parts of the clauses of one text.  ``done`` are the clauses that have their answers already;
    ``pending`` those that have not."""

    def __init__(self, syntax: Syntax, scope: Scope, done: Pieces, pending: Collection[Node]) -> None:
        self._syntax, self._scope, self._done, self._pending = syntax, scope, done, pending

    def of(self, clause: Node, wanted: frozenset[str]) -> Joined:
        """The local part for a clause that binds the variables ``wanted``."""
        inner = Joined("", wanted)
        bound: frozenset[str] = frozenset()
        for level in _levels(clause):
            text, variables = self._level(level, inner)
            bound |= variables
            inner = Joined(text, inner.variables | variables)
            if level.edge:
                break
        return Joined(inner.text, bound)

    def _level(self, level: _Level, inner: Joined) -> tuple[str, frozenset[str]]:
        parts = elements(level.group)
        chosen = self._chosen(parts, level, inner.variables)
        # EXISTS puts values from outside into its pattern: only what is bound in any case stays as it is.
        exists = within_exists(level.group)
        if exists:
            chosen = [part for part in chosen if self._scope.mentioned(part) == self._scope.certain(part)]
        variables = frozenset(self._scope.visible(*chosen))
        filters = [] if exists else self._filters(parts, chosen, level)
        texts = [self._syntax.with_replaced(self._done, within=part) for part in (*chosen, *filters)]
        opening = ""
        if level.group.parent is not None and level.group.parent.type == GRAPH:
            name = elements(level.group.parent)[0]
            variables |= self._scope.mentioned(name)
            opening = f"GRAPH {self._syntax.source(name)} "
        return f"{opening}{{ {' '.join([*texts, inner.text])} }}", variables

    def _chosen(self, parts: list[Node], level: _Level, wanted: frozenset[str]) -> list[Node]:
        """The elements that restrict the clause, in the order of the text."""
        usable = [part for part in parts if part != level.element and part.type != "filter"]
        if level.edge:
            usable = list(_before(usable, level.element))
        near = self._connected([part for part in usable if not self._waits(part)], wanted)
        start = level.element.start_byte
        # OPTIONAL, BIND and MINUS need all that stands before them, connected or not.
        dependent = [part.start_byte for part in near if part.type not in JOINS and part.start_byte < start]
        last = max(dependent, default=-1)
        complete, chosen = True, []
        for part in usable:
            if self._waits(part):
                complete = complete and part.start_byte > start
            elif (part in near or part.start_byte <= last) and (
                part.type in JOINS or (complete and part.start_byte < start)
            ):
                chosen.append(part)
        return chosen

    def _waits(self, part: Node) -> bool:
        inside = range(part.start_byte, part.end_byte)
        return any(clause.start_byte in inside for clause in self._pending)

    def _connected(self, parts: list[Node], wanted: frozenset[str]) -> list[Node]:
        """The parts that share variables with those wanted, directly or through others: no cross product."""
        found: list[Node] = []
        reached, growing = wanted, True
        while growing:
            growing = False
            for part in parts:
                variables = self._scope.mentioned(part)
                if part not in found and (variables & reached or not variables):
                    found.append(part)
                    reached |= variables
                    growing = True
        return found

    def _filters(self, parts: list[Node], chosen: list[Node], level: _Level) -> list[Node]:
        """The filters whose variables have here the values that they have in the whole group."""
        holder = level.group.parent
        if level.edge or (holder is not None and holder.type == "optional_graph_pattern"):
            return []
        fixed = self._scope.certain(*(part for part in chosen if part.type in JOINS))
        others = [part for part in parts if part not in chosen and part.type != "filter"]
        private = frozenset(self._scope.visible(*chosen)) - self._scope.mentioned(*others)
        return [
            part
            for part in parts
            if part.type == "filter"
            and part != level.element
            and not self._waits(part)
            and self._scope.mentioned(part) <= fixed | private
        ]


def _before(parts: list[Node], element: Node) -> Iterator[Node]:
    """The parts that an OPTIONAL or MINUS is taken from; for a FILTER all of its group."""
    return (part for part in parts if element.type == "filter" or part.end_byte <= element.start_byte)


def _levels(clause: Node) -> Iterator[_Level]:
    """The groups around a clause, the innermost first, as far as what they say holds for the clause."""
    element, edge = clause, False
    while (group := element.parent) is not None and group.type == GROUP:
        yield _Level(group, element, edge)
        holder = group.parent
        if holder is None:
            return
        if holder.type in _EXISTS:
            holder, edge = _filter_around(holder), True
        elif holder.type in _EDGES:
            edge = True
        elif holder.type not in {UNION, GRAPH}:
            return
        if holder is None:
            return
        element = holder


def _filter_around(exists: Node) -> Node | None:
    """The FILTER that an EXISTS stands in; None when it stands in BIND, SELECT, HAVING or ORDER BY."""
    node: Node | None = exists
    while node is not None and node.type != GROUP:
        if node.type == "filter":
            return node
        node = node.parent
    return None


def within_exists(node: Node | None) -> bool:
    """Whether a node stands in an EXISTS or NOT EXISTS."""
    while node is not None and node.type not in _EXISTS:
        node = node.parent
    return node is not None
