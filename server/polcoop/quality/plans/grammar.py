"""Which queries can be asked once for all focus nodes, and where the focus node is to be bound in them.

Only what the engine and rdflib, which pySHACL asks, are sure to read alike; anything else stays with pySHACL.
Each group of a query is evaluated on its own, so that ``$this`` has to be bound in each to mean what
pre-binding (SHACL 5.3.1) means; what else ``scopes`` asks of groups is enough, if subqueries select ``$this``
and group by it.  So no SERVICE reaches the engine either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from rdflib import RDF
from tree_sitter import Language, Node, Parser
from tree_sitter_language_pack import get_language

from polcoop.quality.plans.scopes import Scopes
from polcoop.quality.plans.terms import (
    BOOLEAN,
    INSTANT,
    INTEGER,
    IRI,
    NUMBER,
    RESOURCE,
    TAGGED,
    TEXT,
    UNKNOWN,
    Kinds,
    Terms,
    given,
    keyword,
    nodes,
    text,
)
from polcoop.quality.plans.unplanned import UnplannedError

_THIS: Final = (b"$this", b"?this")
_NODES: Final = frozenset({
    "unit", "prologue", "prefix_declaration", "namespace", "pn_prefix", "iri_reference", "select_query",
    "select_clause", "where_clause", "group_graph_pattern", "triples_block", "triples_same_subject",
    "property_list", "property", "path_element", "path_mod", "path_inverse", "binary_path",
    "prefixed_name", "pn_local", "object_list", "var", "group_or_union_graph_pattern",
    "optional_graph_pattern", "sub_select", "aggregate", "solution_modifier", "group_clause",
    "group_condition", "having_clause", "having_condition", "bracketted_expression",
    "binary_expression", "unary_expression", "expression_list", "integer", "decimal", "boolean_literal",
    "rdf_literal", "string", "echar", "lang_tag", "filter", "exists_func", "not_exists_func", "bind",
    "build_in_function", "function_call", "arg_list", "regex_expression", "string_replace_expression",
    "substring_expression", "order_clause", "order_condition", "blank_node_property_list", "anon",
    "comment"
})  # fmt: skip
_FUNCTIONS: Final = frozenset({
    "BOUND", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISNUMERIC", "LANG", "LANGMATCHES", "DATATYPE",
    "STR", "STRSTARTS", "STRENDS", "CONTAINS", "STRLEN", "SUBSTR", "STRBEFORE", "STRAFTER", "CONCAT",
    "COALESCE", "IF", "LCASE", "UCASE", "IRI", "URI", "ABS", "YEAR", "MONTH", "DAY", "COUNT", "SUM",
    "MIN", "MAX", "SAMPLE"
})  # fmt: skip
_LONGEST: Final = 50_000
_DEEPEST: Final = 200
"""Levels of the syntax tree; at some thousands the engine would end the process."""
_CASTS: Final = (b"xsd:integer", b"xsd:decimal", b"xsd:string", b"xsd:dateTime")
_PLAIN: Final = re.compile(
    r"""( [^\\\[({}*+?] | \((?!\?) | \\[sd.\-()\[\]{}|*+?^$/\\]
    | \[\^? (?: (?!--|&&|~~) (?: [^\\\[\]] | \\[sd.\-()\[\]{}|*+?^$/\\] ) )+ \]
    | ([*+?] | \{[0-9]+(,[0-9]*)?\}) \?? (?![*+?{]) )*""",
    re.VERBOSE,
)
"""Regular expressions that Python and the engine read alike where there are no control characters: no
look-around, no operation on sets, no possessive quantifier, no brace that is none."""
_TRUTH: Final = BOOLEAN | NUMBER | TEXT
"""Kinds of terms that are true or false to both."""
_REPLACEMENT: Final = re.compile(r"[^$\\]*(\$[0-9])?")
_INTEGER: Final = re.compile(rb"-?(0|[1-9][0-9]*)")
_ESCAPES: Final = re.compile(rb"\\([tbnrf\"'\\])")
_CHARACTERS: Final = {b"t": b"\t", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"f": b"\f"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask for many focus nodes at once, cut wherever the focus node is to be bound: the query, and
    whether there are rows for its groups (if not, rdflib has one row all the same)."""

    query: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def asked(query: str, *, controls: bool, kinds: Callable[[str, str], Kinds]) -> Asked:
    """The query, cut at the beginning of each of its groups.

    ``controls`` says that the data has control characters, at which regular expressions differ; ``kinds``
    tells of a predicate what its ``"subject"`` and ``"object"`` are.

    :raises UnplannedError: the query is left to pySHACL.
    """
    tree, scopes, found = _parsed(query)
    terms = Terms(tree, kinds)
    for node in tree:
        if node.is_named and (node.type not in _NODES or not _sound(node, terms, controls=controls)):
            raise UnplannedError(f"{node.type} in a query")
    if not all(terms.of(expression) <= RESOURCE | TEXT | TAGGED | INTEGER for expression in scopes.matched):
        raise UnplannedError("a value that is looked up")
    return found


@lru_cache(maxsize=1000)
def _parsed(query: str) -> tuple[list[Node], Scopes, Asked]:
    """The nodes of the syntax tree of a SELECT query, what else is to be seen to, and what to ask.

    :raises UnplannedError: it is none, or is not for the engine.
    """
    content = query.encode()
    root = Parser(_language()).parse(content).root_node
    if len(content) > _LONGEST or _deeper(root, _DEEPEST):
        raise UnplannedError("a query too long or nested too deeply for the engine")
    select = next((child for child in root.children if child.type == "select_query"), None)
    if root.has_error or select is None:
        raise UnplannedError("not a SELECT query")
    tree = list(nodes(root))
    scopes = Scopes.of(tree)
    groups = [node for node in tree if node.type == "group_graph_pattern"]
    plain = [node for node in groups if all(child.type != "sub_select" for child in node.named_children)]
    starts = [node.start_byte + 1 for node in plain]

    def cut(first: int, last: int) -> list[str]:
        places = [first, *(start for start in starts if first < start < last), last]
        return [content[start:end].decode() for start, end in pairwise(places)]

    def rows(group: Node) -> tuple[str, ...]:
        first, *rest = cut(group.start_byte, group.end_byte)
        prologue = content[: select.start_byte].decode()
        return f"{prologue} SELECT $this WHERE {{", f"FILTER EXISTS {first}", *rest[:-1], f"{rest[-1]} }}"

    return tree, scopes, Asked(tuple(cut(0, len(content))), tuple(map(rows, scopes.grouped)))


def predicates(query: str) -> set[str]:
    """The predicates of all triples that a query can look at.

    :raises UnplannedError: they are not all named, or a path of no length may lead from any node to itself.
    """
    root = Parser(_language()).parse(query.encode()).root_node
    if root.has_error:
        raise UnplannedError("not a query")
    tree = list(nodes(root))
    prefixes = Terms(tree, lambda *_: UNKNOWN)
    found = set()
    for node in tree:
        if node.type not in _NODES or (node.type == "path_mod" and text(node) != b"+"):
            if node.is_named:
                raise UnplannedError(f"{node.type} in a query")
        elif node.type == "property":
            found |= _named(node.named_children[0], prefixes)
    return found


def _named(path: Node, prefixes: Terms) -> set[str]:
    found = set()
    for step in nodes(path):
        if step.type == "var":
            raise UnplannedError("a variable for a predicate")
        if step.type == "a":
            found.add(str(RDF.type))
        elif step.type in ("iri_reference", "prefixed_name"):
            iri = prefixes.iri(step)
            if iri is None:
                raise UnplannedError("a predicate without a name")
            found.add(iri)
    return found


def _deeper(node: Node, levels: int) -> bool:
    return levels == 0 or any(_deeper(child, levels - 1) for child in node.children)


def _sound(node: Node, terms: Terms, *, controls: bool) -> bool:
    kind = node.type
    if kind in _SIMPLE:
        return _SIMPLE[kind](node)
    if kind in _TYPED:
        return _TYPED[kind](node, terms)
    regular = {"regex_expression": _regular, "string_replace_expression": _replaced}.get(kind)
    return regular is None or (not controls and regular(node.named_children))


def _condition(node: Node, terms: Terms) -> bool:
    return terms.of(node.named_children[0]) <= _TRUTH


def _function(node: Node, terms: Terms) -> bool:
    name, arguments = keyword(node), given(node)
    kinds = terms.of(arguments[0]) if arguments else TEXT
    if name == "STR":
        # The engine has its own spelling of numbers and dates, and none of blank nodes.
        return kinds <= IRI | TEXT | TAGGED
    if name == "IF":
        return kinds <= _TRUTH
    if name == "SUM":
        return kinds <= NUMBER
    if name in ("MIN", "MAX"):
        return any(kinds <= group for group in (TEXT, NUMBER, INSTANT))
    return name in _FUNCTIONS


def _operation(node: Node, terms: Terms) -> bool:
    """Whether operands are such as both compare and reckon alike."""
    signs = {child.type.upper() for child in node.children if not child.is_named}
    operands = [
        part
        for child in node.named_children
        for part in (child.named_children if child.type == "expression_list" else [child])
    ]
    kinds = frozenset[str]().union(*map(terms.of, operands))
    if signs & {"<", ">", "<=", ">="}:
        return any(kinds <= group for group in (TEXT, NUMBER, INSTANT))
    if signs & {"=", "!="}:
        return any(kinds - RESOURCE <= group for group in (TEXT, NUMBER, INSTANT, BOOLEAN))
    if "IN" in signs:
        return any(kinds - RESOURCE <= group for group in (TEXT, INTEGER, BOOLEAN))
    if signs & {"&&", "||", "!"}:
        return kinds <= _TRUTH
    # Quotients of decimals have more digits in rdflib than in the engine.
    return "/" not in signs and (not signs & {"+", "-", "*"} or kinds <= NUMBER)


def _selects_this(node: Node) -> bool:
    """Whether a SELECT has the focus node in its rows, and groups by it if it groups."""
    clause = next(child for child in node.children if child.type == "select_clause")
    if not any(child.type == "var" and text(child) in _THIS for child in clause.children):
        return False
    modifiers = [child for child in node.children if child.type == "solution_modifier"]
    groups = [part for child in modifiers for part in child.children if part.type == "group_clause"]
    if not groups:
        return not any(part.type == "aggregate" for top in (clause, *modifiers) for part in nodes(top))
    conditions = [child for group in groups for child in group.children if child.type == "group_condition"]
    return any(text(condition) in _THIS for condition in conditions)


def _regular(arguments: list[Node]) -> bool:
    """Whether the pattern of REGEX is plain, and its flags."""
    pattern = _string(arguments[1])
    flags = _string(arguments[2]) if len(arguments) > 2 else "i"
    return pattern is not None and bool(_PLAIN.fullmatch(pattern)) and flags == "i"


def _replaced(arguments: list[Node]) -> bool:
    """Whether pattern and replacement of REPLACE are plain; no pattern may match nothing, since only Python
    replaces an empty match next to another."""
    pattern, replacement = _string(arguments[1]), _string(arguments[2])
    if pattern is None or replacement is None or len(arguments) > 3 or not _PLAIN.fullmatch(pattern):
        return False
    try:
        empty = re.search(pattern, "")
    except re.error:
        return False
    return not empty and bool(_REPLACEMENT.fullmatch(replacement))


def _sliced(bounds: list[Node]) -> bool:
    """Whether SUBSTR counts from one on; from zero or backwards rdflib counts as Python does."""
    return all(node.type == "integer" and text(node).isdigit() for node in bounds) and text(bounds[0]) != b"0"


def _string(node: Node) -> str | None:
    """The value of a literal without language and datatype; None for anything else."""
    if node.type != "rdf_literal" or node.child_count != 1:
        return None
    written = text(node)
    quotes = 3 if written[:3] in (b'"""', b"'''") else 1
    inner = written[quotes : len(written) - quotes]
    return _ESCAPES.sub(lambda found: _CHARACTERS.get(found[1], found[1]), inner).decode()


_SIMPLE: Final[dict[str, Callable[[Node], bool]]] = {
    "select_query": _selects_this,
    "sub_select": _selects_this,
    "rdf_literal": lambda node: all(child.type != "^^" for child in node.children),
    "substring_expression": lambda node: _sliced(node.named_children[1:]),
    "integer": lambda node: bool(_INTEGER.fullmatch(text(node))),
    "function_call": lambda node: text(node.children[0]) in _CASTS,
}
"""What is told from a node alone."""
_TYPED: Final[dict[str, Callable[[Node, Terms], bool]]] = {
    **dict.fromkeys(("build_in_function", "aggregate"), _function),
    **dict.fromkeys(("binary_expression", "unary_expression"), _operation),
    **dict.fromkeys(("filter", "having_condition"), _condition),
    "property": lambda node, terms: terms.walked(node),
}
"""What depends on the kinds of terms."""


@cache
def _language() -> Language:
    return get_language("sparql")
