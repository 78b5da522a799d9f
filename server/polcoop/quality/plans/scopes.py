"""Whether the groups of a query are such as the engine, which goes from the inside out as SPARQL says, and
rdflib, which hands the solutions of the outer group to the inner one, are sure to evaluate alike.

Known are: triples, FILTER, BIND, OPTIONAL and UNION without further groups in them, subqueries that stand
alone, and EXISTS.  A variable of an expression must be bound in the very group of the expression, but that
EXISTS sees what is around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tree_sitter import Node

from polcoop.quality.plans.terms import nodes, text
from polcoop.quality.plans.unplanned import UnplannedError

_ALLOWED: Final = {
    "where": frozenset({
        "triples_block", "filter", "bind", "optional_graph_pattern", "group_or_union_graph_pattern"
    }),
    "branch": frozenset({"triples_block", "filter", "bind"}),
    "optional": frozenset({"triples_block", "filter"}),
    "exists": frozenset({"triples_block", "filter"}),
    "select": frozenset({"triples_block", "filter"}),
}  # fmt: skip
"""What a group may hold, by where it stands."""
_EXISTS: Final = ("exists_func", "not_exists_func")
_CONSTANTS: Final = frozenset({
    "expression_list", "iri_reference", "prefixed_name", "namespace", "pn_prefix", "pn_local", "rdf_literal",
    "string", "integer", "boolean_literal",
})  # fmt: skip
Names = frozenset[bytes]


@dataclass(frozen=True)
class _Group:
    """A group, with the one that it sees into (EXISTS) or None."""

    node: Node
    kind: str
    outer: _Group | None = None

    @cached_property
    def parts(self) -> list[Node]:
        return [child for child in self.node.named_children if child.type != "comment"]

    @cached_property
    def certain(self) -> Names:
        """Variables that each solution binds."""
        seen = self.outer.certain if self.outer else frozenset()
        return seen.union(*(names(part) for part in self.parts if part.type == "triples_block"))

    @cached_property
    def bound(self) -> Names:
        """Variables that a solution may bind."""
        seen = self.outer.bound if self.outer else frozenset()
        return self.certain.union(seen, *map(_binds, self.parts))

    def unlike(self, other: Iterable[bytes]) -> Names:
        return frozenset(other) - self.bound - _THIS


_THIS: Final[Names] = frozenset({b"this"})


@dataclass(frozen=True)
class Scopes:
    """What is left to be seen to in a query: ``grouped`` are the groups whose rows are grouped (rdflib has a
    row more when there are none), ``matched`` the expressions whose values are looked up in triples."""

    everywhere: list[tuple[int, bytes]]
    grouped: list[Node]
    matched: list[Node]

    @classmethod
    def of(cls, tree: list[Node]) -> Scopes:
        """Check a query.

        :raises UnplannedError: the two may evaluate it differently.
        """
        found = cls([(node.start_byte, text(node)[1:]) for node in tree if node.type == "var"], [], [])
        found._read(next(node for node in tree if node.type == "select_query"))
        return found

    def _read(self, query: Node) -> None:
        group = _where(query)
        self._group(_Group(group, "where"), group)
        self._note(query, group)
        subqueries = [node for node in nodes(group) if node.type == "sub_select"]
        if len({_union(node).start_byte for node in subqueries}) > 1:
            raise UnplannedError("several subqueries")

    def _note(self, query: Node, group: Node) -> None:
        if any(
            node.type in ("aggregate", "group_clause") for node in _apart(query, ("group_graph_pattern",))
        ):
            self.grouped.append(group)

    def _outside(self, node: Node) -> Names:
        return frozenset(name for at, name in self.everywhere if not node.start_byte <= at < node.end_byte)

    def _outside_triples(self, union: Node) -> Names:
        """Variables that triples beside a union bind."""
        beside = union.parent.named_children if union.parent else []
        return frozenset().union(*(names(node) for node in beside if node.type == "triples_block"))

    def _group(self, group: _Group, whole: Node) -> None:
        """Check a group; ``whole`` is what its variables must not be confused with those outside of."""
        for part in group.parts:
            if part.type not in _ALLOWED[group.kind]:
                raise UnplannedError(f"{part.type} in a group")
            if part.type in ("filter", "bind"):
                self._expression(part, group, whole)
            elif part.type == "optional_graph_pattern":
                self._group(_Group(_only(part), "optional"), part)
            elif part.type == "group_or_union_graph_pattern":
                self._union(part)

    def _union(self, union: Node) -> None:
        for node in union.named_children:
            inner = [child for child in node.named_children if child.type == "sub_select"]
            if inner:
                self._subquery(inner[0], union)
            else:
                self._group(_Group(node, "branch"), union)

    def _subquery(self, query: Node, union: Node) -> None:
        group = _where(query)
        told = _projected(query)
        # What rdflib knows from outside would narrow what is counted.
        if (names(query) - told - _THIS) & self._outside(union):
            raise UnplannedError("a subquery and what is around it share a variable")
        self._group(_Group(group, "select"), union)
        self._note(query, group)

    def _expression(self, part: Node, group: _Group, whole: Node) -> None:
        used = [node for node in _apart(part, _EXISTS) if node.type == "var"]
        if part.type == "bind":
            alias = text(used.pop())[1:]
            if group.kind == "branch" and alias in group.certain | self._outside_triples(whole):
                raise UnplannedError("a variable bound twice")
            if alias in group.certain:
                self.matched.append(part.named_children[0])
        if group.unlike(text(node)[1:] for node in used):
            raise UnplannedError("a variable from outside the group")
        for node in nodes(part):
            if _home(node) != group.node.id:
                continue
            if node.type == "binary_expression" and any(
                child.type.upper() == "IN" for child in node.children
            ):
                _list(node, group)
            elif node.type in _EXISTS:
                inner = _Group(_only(node), "exists", group)
                if group.kind != "where" and group.unlike(names(node)) & self._outside(whole):
                    raise UnplannedError("a variable from outside the group")
                self._group(inner, node if group.kind == "where" else whole)


def _list(node: Node, group: _Group) -> None:
    """IN and NOT IN: to rdflib an error is equal to nothing."""
    left, *rest = node.named_children
    if left.type != "var" or text(left)[1:] not in group.certain | _THIS:
        raise UnplannedError("what may be an error in a list")
    if any(part.type not in _CONSTANTS for other in rest for part in nodes(other) if part.is_named):
        raise UnplannedError("a list of expressions")


def names(node: Node) -> Names:
    """The variables in a part of a query, without their marks."""
    return frozenset(text(child)[1:] for child in nodes(node) if child.type == "var")


def _apart(node: Node, without: tuple[str, ...]) -> Iterator[Node]:
    """The node and all below it that is in none of ``without``."""
    yield node
    for child in node.children:
        if child.type not in without:
            yield from _apart(child, without)


def _binds(part: Node) -> Names:
    """Variables that a part of a group binds."""
    if part.type == "bind":
        return frozenset({text(part.named_children[-1])[1:]})
    if part.type == "optional_graph_pattern":
        return frozenset().union(*map(_binds, _only(part).named_children))
    if part.type == "group_or_union_graph_pattern":
        branches = [inner for node in part.named_children for inner in node.named_children]
        return frozenset().union(*map(_binds, branches))
    if part.type == "sub_select":
        return _projected(part)
    return names(part) if part.type == "triples_block" else frozenset()


def _projected(query: Node) -> Names:
    """The variables that a subquery selects."""
    clause = next(child for child in query.children if child.type == "select_clause")
    return frozenset(text(child)[1:] for child in clause.children if child.type == "var")


def _where(query: Node) -> Node:
    clause = next(child for child in query.children if child.type == "where_clause")
    return _only(clause)


def _only(node: Node) -> Node:
    return next(child for child in node.named_children if child.type == "group_graph_pattern")


def _home(node: Node) -> int | None:
    """The group that an expression stands in."""
    found = node.parent
    while found is not None and found.type != "group_graph_pattern":
        found = found.parent
    return found.id if found else None


def _union(node: Node) -> Node:
    found = node
    while found.parent is not None and found.type != "group_or_union_graph_pattern":
        found = found.parent
    return found
