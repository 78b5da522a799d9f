"""The SERVICE clauses of a query text (SPARQL 1.1 Federated Query, section 2), and its declarations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from polcoop.errors import ForbiddenQuery, QuerySyntaxError
from polcoop.sparql.federation.scope import SERVICE, descendants, elements
from polcoop.sparql.syntax import Syntax

if TYPE_CHECKING:
    from tree_sitter import Node

LABELS: Final = "http://wikiba.se/ontology#label"
"""The label service of the Wikidata Query Service: not an address, but a function of that engine."""
_FUNCTIONS: Final = ("http://wikiba.se/ontology#", "http://www.bigdata.com/rdf#")
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Clause:
    """One outermost SERVICE clause.

    ``endpoint`` is the IRI it names, or None when a variable does (``variable``); ``nested`` are the clauses
    in its pattern, which the remote endpoint answers.
    """

    node: Node
    group: Node
    silent: bool
    endpoint: str | None
    variable: str | None
    nested: tuple[str, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The endpoints that the text itself names, without the functions of Wikidata's engine."""
        inner = tuple(iri for iri in self.nested if not iri.startswith(_FUNCTIONS))
        return inner if self.endpoint is None else (self.endpoint, *inner)


class Clauses:
    """Reads the clauses of one text, of which there is a tree."""

    def __init__(self, syntax: Syntax, root: Node) -> None:
        self._syntax, self._root = syntax, root
        self._prefixes = dict(map(self._prefix, descendants(root, "prefix_declaration")))

    def read(self) -> list[Clause]:
        """Return the outermost clauses in the order of the text.

        :raises QuerySyntaxError: an address is relative or its prefix is not declared.
        :raises ForbiddenQuery: a clause within a clause names its endpoint by a variable.
        """
        found: list[Clause] = []
        for node in descendants(self._root, SERVICE):
            if not found or node.start_byte >= found[-1].node.end_byte:
                found.append(self._clause(node))
        return found

    def _clause(self, node: Node) -> Clause:
        target, *_, group = elements(node)
        nested = [elements(inner)[0] for inner in descendants(group, SERVICE)]
        if any(each.type == "var" for each in nested):
            raise ForbiddenQuery(
                "a SERVICE within a SERVICE names its endpoint by a variable",
                hint="name the endpoint, or move the inner clause out of the outer one",
            )
        silent = any(child.type == "SILENT" for child in node.children)
        inner = tuple(map(self._iri, nested))
        if target.type == "var":
            return Clause(node, group, silent, None, self._syntax.source(target)[1:], inner)
        return Clause(node, group, silent, self._iri(target), None, inner)

    def _iri(self, node: Node) -> str:
        text = self._syntax.source(node)
        if node.type == "iri_reference":
            if re.match(r"<[A-Za-z][\w+.-]*:", text):
                return text[1:-1]
            place = self._syntax.place(node)
            raise QuerySyntaxError(f"the address of an endpoint is absolute, not {text}", position=place)
        prefix, _, local = text.partition(":")
        if prefix not in self._prefixes:
            raise self._syntax.explain(f"the prefix {prefix}: is not declared")
        return self._prefixes[prefix][1] + _ESCAPED.sub(r"\1", local)

    def _prefix(self, declaration: Node) -> tuple[str, tuple[str, str]]:
        """A prefix with its declaration as it is written, and its namespace."""
        label, iri = elements(declaration)
        return self._label(label), (self._syntax.source(declaration), self._syntax.source(iri)[1:-1])

    def _label(self, namespace: Node) -> str:
        return self._syntax.source(namespace).removesuffix(":")

    def prologue(self, group: Node | None = None) -> str:
        """The declarations of the text; with ``group``, those that it needs when it stands alone."""
        used = set(map(self._label, descendants(group or self._root, "namespace")))
        bases = [self._syntax.source(node) for node in descendants(self._root, "base_declaration")]
        known = [text for label, (text, _) in self._prefixes.items() if label in used]
        return "\n".join([*bases[-1:], *known])

    def dataset(self) -> str:
        """The FROM clauses of the text."""
        return " ".join(self._syntax.source(node) for node in descendants(self._root, "dataset_clause"))
