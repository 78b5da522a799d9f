"""One query asked once for many nodes: the engine, filled with triples, for those who must not import it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pyoxigraph import NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

_GRAPH: Final = "urn:x-polcoop:asked"
_FOR: Final = "urn:x-polcoop:for"


class Inquiry:
    """An engine store in memory."""

    def __init__(self, triples: Iterable[bytes]) -> None:
        """:param triples: N-Triples in pieces; blank nodes keep their labels."""
        self._store = Store()
        for piece in triples:
            self._store.bulk_extend(parse(piece, format=RdfFormat.N_TRIPLES))
        self._asked = 0

    def found(self, query: Sequence[str], variable: str, nodes: Iterable[str]) -> set[str]:
        """Return those of ``nodes`` for which ``query`` has a solution when ``variable`` stands for them.

        :param query: a SELECT query, cut wherever the variable is to be bound.
        :param nodes: terms in N-Triples notation.
        :raises SyntaxError: the engine does not understand the query.
        """
        self._asked += 1
        graph, name = NamedNode(_GRAPH), f"<urn:x-polcoop:{self._asked}>"
        rows = "".join(f"{name} <{_FOR}> {node} .\n" for node in nodes)
        marks = parse(rows.encode(), format=RdfFormat.N_TRIPLES)
        self._store.extend(Quad(mark.subject, mark.predicate, mark.object, graph) for mark in marks)
        answer = self._store.query(f" GRAPH <{_GRAPH}> {{ {name} <{_FOR}> ?{variable} }} ".join(query))
        if not isinstance(answer, QuerySolutions):
            raise SyntaxError("not a SELECT query")
        return {str(solution[variable]) for solution in answer}
