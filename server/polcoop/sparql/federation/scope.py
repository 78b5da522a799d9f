"""Which variables a pattern mentions, may bind and always binds (SPARQL 1.1 Query, 18.2.1), read from the
syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from polcoop.sparql.syntax import Syntax

if TYPE_CHECKING:
    from tree_sitter import Node

GROUP: Final = "group_graph_pattern"
SERVICE: Final = "service_graph_pattern"
UNION: Final = "group_or_union_graph_pattern"
GRAPH: Final = "graph_graph_pattern"
JOINS: Final = frozenset({"triples_block", UNION, GRAPH, "inline_data", SERVICE})
"""Elements of a group that are joined with what stands beside them, so that their order does not matter."""


def descendants(node: Node, kind: str) -> Iterator[Node]:
    """The nodes of a type at and below ``node``, in the order of the text, without recursion."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.type == kind:
            yield here
        waiting.extend(reversed(here.children))


def elements(group: Node) -> list[Node]:
    """The parts of a group graph pattern, filters among them."""
    return [child for child in group.named_children if child.type != "comment"]


class Scope:
    """The variables of the patterns of one query text, each by its name without ``?``."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax

    def name(self, variable: Node) -> str:
        """The name of a variable, without its mark."""
        return self._syntax.source(variable)[1:]

    def mentioned(self, *nodes: Node) -> frozenset[str]:
        """All variables in the text of these nodes, whatever they are there for."""
        return frozenset(self.name(each) for node in nodes for each in descendants(node, "var"))

    def visible(self, *nodes: Node) -> dict[str, None]:
        """The variables that groups, or elements of them, may bind, in the order of the text."""
        found: dict[str, None] = {}
        for node in nodes:
            self._visible(node, found)
        return found

    def _visible(self, node: Node, found: dict[str, None]) -> None:
        match node.type:
            case "triples_block":
                found |= dict.fromkeys(map(self.name, descendants(node, "var")))
            case "bind" | "inline_data" | "sub_select":
                found |= dict.fromkeys(self._columns(node))
            case "filter" | "minus_graph_pattern":
                return
            case "var":  # of GRAPH or SERVICE
                found[self.name(node)] = None
            case _:
                for child in node.named_children:
                    self._visible(child, found)

    def _columns(self, node: Node) -> list[str]:
        """What BIND, VALUES or a sub-select gives names to."""
        if node.type == "bind":
            return [self.name(child) for child in node.named_children if child.type == "var"][-1:]
        if node.type == "inline_data":
            block = node.named_children[0]
            return [self.name(child) for child in block.named_children if child.type == "var"]
        clause = node.named_children[0]
        if any(child.type == "*" for child in clause.children):
            return list(self.visible(*where_groups(node)))
        # An expression in brackets may be a lone variable: the name is the one after AS.
        names, depth, previous = [], 0, ""
        for child in clause.children:
            depth += {"(": 1, ")": -1}.get(child.type, 0)
            if child.type == "var" and (depth == 0 or previous == "AS"):
                names.append(self.name(child))
            previous = child.type
        return names

    def certain(self, *nodes: Node) -> frozenset[str]:
        """Variables that every solution of groups, or of elements of them, binds; a cautious subset."""
        return frozenset().union(*map(self._certain, nodes))

    def _certain(self, node: Node) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        groups = [child for child in node.named_children if child.type == GROUP]
        if node.type == "triples_block":
            found = self.mentioned(node)
        elif node.type == "inline_data" and next(descendants(node, "UNDEF"), None) is None:
            found = frozenset(self._columns(node))
        elif node.type == "sub_select":
            found = frozenset(self._columns(node)) & self.certain(*where_groups(node))
        elif node.type == GROUP:
            found = self.certain(*elements(node))
        elif node.type == UNION:
            found = frozenset.intersection(*map(self.certain, groups))
        elif node.type == GRAPH:
            names = [child for child in node.named_children if child.type == "var"]
            found = self.certain(*groups) | self.mentioned(*names)
        return found

    def leading(self, group: Node) -> frozenset[str]:
        """Variables that the joins at the start of a group bind for certain, before any OPTIONAL, BIND or
        MINUS."""
        found: frozenset[str] = frozenset()
        for element in elements(group):
            if element.type not in JOINS and element.type != "filter":
                break
            found |= self.certain(element)
        return found


def where_groups(select: Node) -> list[Node]:
    """The group of a sub-select's WHERE clause."""
    where = [child for child in select.named_children if child.type == "where_clause"]
    return [child for clause in where for child in clause.named_children if child.type == GROUP]
