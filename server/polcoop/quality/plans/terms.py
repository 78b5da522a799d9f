"""What kinds of terms the expressions of a query have for values, so far as query and data tell.

Comparisons mean the same to rdflib and to the engine only among terms of one kind: beyond that rdflib orders
what SPARQL says cannot be compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from rdflib import RDF
from tree_sitter import Node

Kinds = frozenset[str]
IRI: Final[Kinds] = frozenset({"iri"})
BLANK: Final[Kinds] = frozenset({"blank"})
RESOURCE: Final[Kinds] = IRI | BLANK
TEXT: Final[Kinds] = frozenset({"text"})
TAGGED: Final[Kinds] = frozenset({"tagged"})
INTEGER: Final[Kinds] = frozenset({"integer"})
NUMBER: Final[Kinds] = frozenset({"integer", "decimal"})
BOOLEAN: Final[Kinds] = frozenset({"boolean"})
INSTANT: Final[Kinds] = frozenset({"instant"})
"""Dates and times with a time zone."""
UNKNOWN: Final[Kinds] = frozenset({"unknown"})
NOTHING: Final[Kinds] = frozenset()
_START: Final[Kinds] = frozenset({"start"})
"""Whatever a path begins at."""

_RESULTS: Final = {
    "STR": TEXT, "LANG": TEXT, "DATATYPE": IRI, "IRI": IRI, "URI": IRI, "STRLEN": INTEGER,
    "YEAR": INTEGER, "MONTH": INTEGER, "DAY": INTEGER, "COUNT": INTEGER, "BOUND": BOOLEAN,
    **dict.fromkeys(("ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISNUMERIC", "LANGMATCHES"), BOOLEAN),
    **dict.fromkeys(("STRSTARTS", "STRENDS", "CONTAINS"), BOOLEAN),
}  # fmt: skip
_SAME: Final = ("SUBSTR", "STRBEFORE", "STRAFTER", "LCASE", "UCASE", "ABS", "SUM", "MIN", "MAX", "SAMPLE")
"""Functions with a value of the kind of their first argument."""
_CASTS: Final = {b"xsd:integer": INTEGER, b"xsd:decimal": NUMBER, b"xsd:string": TEXT}
_PLAIN: Final = {
    "prefixed_name": IRI, "iri_reference": IRI, "integer": INTEGER, "decimal": NUMBER,
    "boolean_literal": BOOLEAN, "regex_expression": BOOLEAN, "exists_func": BOOLEAN,
    "not_exists_func": BOOLEAN,
}  # fmt: skip


class Terms:
    """The variables of a query and what they are bound to."""

    def __init__(self, tree: Iterable[Node], kinds: Callable[[str, str], Kinds]) -> None:
        """``tree`` are the nodes of the syntax tree; ``kinds`` tells what each ``"subject"`` or
        ``"object"`` of a predicate is."""
        self._kinds = kinds
        self._prefixes: dict[bytes, bytes] = {}
        self._blocks: list[tuple[bool, list[tuple[bytes, str, Node]]]] = []
        """Uses of variables, and whether they bind them: EXISTS only looks at what is bound around it."""
        self._iris: set[bytes] = set()
        self._bound: dict[bytes, list[Node]] = {}
        for node in tree:
            self._read(node)

    def of(self, node: Node, seen: frozenset[bytes] = frozenset()) -> Kinds:
        """The kinds of term that an expression may have for a value; errors are no values."""
        kind = node.type
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind == "rdf_literal":
            return TAGGED if node.child_count > 1 else TEXT
        if kind == "function_call":
            return _CASTS.get(text(node.children[0]), UNKNOWN)
        compound = {
            "var": self._variable, "bracketted_expression": self._first, "substring_expression": self._first,
            "string_replace_expression": self._first, "build_in_function": self._function,
            "aggregate": self._function, "binary_expression": self._operation,
            "unary_expression": self._operation,
        }.get(kind)  # fmt: skip
        return compound(node, seen) if compound else UNKNOWN

    def walked(self, prop: Node) -> bool:
        """Whether both walk a path alike: rdflib takes an empty string, zero or false at one of its ends for
        one that is not bound."""
        verb, *lists = prop.named_children
        repeated = any(node.type == "path_mod" for node in nodes(verb))
        if not repeated and all(node.type != "/" for node in nodes(verb)):
            return True
        ends = [thing for part in lists for thing in part.named_children]
        above = prop.parent and prop.parent.parent
        if above and above.type == "triples_same_subject":
            ends.append(above.named_children[0])
        names = [node for node in nodes(verb) if node.type in ("prefixed_name", "iri_reference")]
        if repeated and len(names) > 1 and not all(self._end(name) <= RESOURCE for name in names):
            return False
        return all(self._met_once(end) or self.of(end) <= RESOURCE for end in ends)

    def _met_once(self, end: Node) -> bool:
        """Whether a variable stands at this end of a path and in no other triple."""
        name = text(end)[1:]
        uses = sum(use[0] == name for _, found in self._blocks for use in found)
        return end.type == "var" and name not in self._bound and uses == 1

    def _first(self, node: Node, seen: frozenset[bytes]) -> Kinds:
        return self.of(node.named_children[0], seen)

    def _operation(self, node: Node, seen: frozenset[bytes]) -> Kinds:
        if not {child.type for child in node.children} & {"+", "-", "*"}:
            return BOOLEAN
        return self._union(node.named_children, seen)

    def _function(self, node: Node, seen: frozenset[bytes]) -> Kinds:
        name = keyword(node)
        arguments = given(node)
        if name in _SAME:
            return self.of(arguments[0], seen) if arguments else UNKNOWN
        if name in ("IF", "COALESCE"):
            return self._union(arguments[name == "IF" :], seen)
        if name == "CONCAT":
            return self._union(arguments, seen) & (TEXT | TAGGED) | TEXT
        return _RESULTS.get(name, UNKNOWN)

    def _union(self, expressions: list[Node], seen: frozenset[bytes]) -> Kinds:
        return NOTHING.union(*(self.of(expression, seen) for expression in expressions))

    def _variable(self, node: Node, seen: frozenset[bytes]) -> Kinds:
        name = text(node)[1:]
        if name in seen:
            return UNKNOWN
        if name == b"this":
            # Anything else is looked at in any case.
            return IRI
        found = self._union(self._bound.get(name, []), seen | {name})
        blocks = [uses for binding, uses in self._blocks if binding and any(use[0] == name for use in uses)]
        if not blocks and name not in self._bound:
            blocks = [uses for _, uses in self._blocks]
        for uses in blocks:
            ends = [self._place(place, verb) for variable, place, verb in uses if variable == name]
            if ends:
                found |= min(ends, key=lambda kinds: (kinds >= UNKNOWN, len(kinds)))
        return IRI if name in self._iris else found

    def _place(self, place: str, verb: Node) -> Kinds:
        """What may stand in a place of the triples of a verb."""
        if place == "verb":
            return IRI
        ends = self._end(verb)
        if ends >= _START:
            # A path of no length leads from anything to itself.
            return UNKNOWN
        if place == "object":
            return ends
        iri = str(RDF.type) if text(verb) == b"a" else self.iri(_bare(verb))
        return RESOURCE if iri is None else self._kinds(iri, "subject")

    def _end(self, path: Node) -> Kinds:
        """What a path leads to, which its last step decides; with ``_START`` where that may be no step."""
        named = [child for child in path.children if child.type not in ("(", ")", "path_mod")]
        if path.type == "binary_path":
            last, before = self._end(named[-1]), self._end(named[0])
            if any(child.type == "/" for child in named):
                return last - _START | before if last >= _START else last
            return before | last
        if path.type == "path_element" and len(named) == 1:
            found = self._end(named[0])
            return (
                found | _START if path.children[-1].type == "path_mod" and text(path)[-1:] in b"*?" else found
            )
        iri = self.iri(path)
        if iri is not None:
            return self._kinds(iri, "object")
        # An inverse leads to a subject, and ``a`` to a class.
        return RESOURCE if path.type in ("path_inverse", "a") else UNKNOWN

    def iri(self, name: Node) -> str | None:
        """The IRI that a name stands for, None if it is spelt with escapes or its prefix is not declared."""
        if name.type == "iri_reference":
            return text(name)[1:-1].decode()
        prefix, _, local = text(name).partition(b":")
        if name.type != "prefixed_name" or prefix not in self._prefixes or b"\\" in local:
            return None
        return (self._prefixes[prefix] + local).decode()

    def _read(self, node: Node) -> None:
        if node.type == "prefix_declaration":
            name, namespace = node.named_children
            self._prefixes[text(name).rstrip(b":")] = text(namespace)[1:-1]
        elif node.type == "triples_block":
            self._blocks.append((not _within(node, ("exists_func", "not_exists_func")), list(_uses(node))))
        elif node.type == "filter" and _ASSURED.fullmatch(text(node)) and _outermost(node):
            self._iris |= {text(var)[1:] for var in nodes(node) if var.type == "var"}
        elif node.type == "AS" and (variable := node.next_named_sibling):
            expression = node.prev_named_sibling
            if expression is not None:
                self._bound.setdefault(text(variable)[1:], []).append(expression)


def _uses(block: Node) -> Iterator[tuple[bytes, str, Node]]:
    """Each variable of a block of triples, its place, and the verb there."""
    for node in nodes(block):
        if node.type == "property":
            verb, *things = node.named_children
            found = [
                ("verb", _bare(verb)),
                *(("object", thing) for part in things for thing in part.named_children),
            ]
        elif node.type == "triples_same_subject":
            first, *lists = node.named_children
            verbs = [
                prop.named_children[0]
                for part in lists
                for prop in part.named_children
                if prop.named_children
            ]
            yield from ((text(first)[1:], "subject", verb) for verb in verbs if first.type == "var")
            continue
        else:
            continue
        yield from ((text(thing)[1:], place, verb) for place, thing in found if thing.type == "var")


def _within(node: Node, kinds: tuple[str, ...]) -> bool:
    above = node.parent
    while above is not None and above.type not in kinds:
        above = above.parent
    return above is not None


def _outermost(part: Node) -> bool:
    """Whether a part of a group holds for all solutions of the query."""
    clause = part.parent and part.parent.parent
    return bool(clause and clause.parent and clause.parent.type == "select_query")


def _bare(verb: Node) -> Node:
    """A path of one step as that step."""
    while verb.type == "path_element" and verb.child_count == 1:
        verb = verb.children[0]
    return verb


def given(call: Node) -> list[Node]:
    """The arguments of a function."""
    found = call.named_children
    return found[0].named_children if len(found) == 1 and found[0].type in _LISTS else found


_ASSURED: Final = re.compile(rb"FILTER\s*\(?\s*isI[RU]I\s*\(\s*[?$]\w+\s*\)\s*\)?", re.IGNORECASE)
"""A filter that lets IRIs through and nothing else."""
_LISTS: Final = ("expression_list", "arg_list")


def nodes(node: Node) -> Iterator[Node]:
    """The node and all below it, in their order."""
    yield node
    for child in node.children:
        yield from nodes(child)


def keyword(call: Node) -> str:
    """The name of a called function, in upper case."""
    return text(call.children[0]).upper().decode()


def text(node: Node) -> bytes:
    """What a node is written like."""
    return node.text or b""
