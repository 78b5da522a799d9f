"""SPARQL query results as rows of terms, read from their JSON format (SPARQL 1.1 Query Results JSON)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from polcoop.errors import ParseError

_PLAIN = frozenset(
    {"http://www.w3.org/2001/XMLSchema#string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}
)


@dataclass(frozen=True, slots=True)
class Iri:
    """An IRI."""

    value: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank node; ``label`` means something within one result only."""

    label: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: lexical form, and a language tag or a datatype IRI or neither (``xsd:string``)."""

    value: str
    language: str | None = None
    datatype: str | None = None


@dataclass(frozen=True, slots=True)
class Triple:
    """A triple term (RDF 1.2)."""

    subject: Term
    predicate: Term
    object: Term


Term = Iri | Blank | Literal | Triple


@dataclass(frozen=True, slots=True)
class Solutions:
    """The rows of a SELECT result; an unbound variable is None in its row."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


def read(data: bytes) -> Solutions | bool:
    """Read a result in the JSON format: rows for SELECT, a truth value for ASK.

    :raises ParseError: it is not in that format.
    """
    try:
        document = json.loads(data)
        if "boolean" in document:
            return bool(document["boolean"])
        variables = tuple(document["head"]["vars"])
        rows = tuple(
            tuple(_term(row[name]) if name in row else None for name in variables)
            for row in document["results"]["bindings"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _not_json(error) from error
    return Solutions(variables, rows)


T = TypeVar("T")


class Reader(Generic[T]):
    """Reads a result in the JSON format as its bytes arrive, so that none has to be held whole.

    ``make`` turns a term of the format into what a row shall hold.  ``variables`` are None until the head of
    a SELECT result has been read, ``boolean`` unless it is one of ASK.
    """

    def __init__(self, make: Callable[[dict[str, Any]], T]) -> None:
        # Imported here: a server never reads a result.
        import ijson  # noqa: PLC0415

        self.variables: tuple[str, ...] | None = None
        self.boolean: bool | None = None
        self._make = make
        self._head: list[bytes] = []
        self._events = ijson.sendable_list()
        self._parser = ijson.parse_coro(self._events)
        self._names: list[str] = []
        self._found = ijson.sendable_list()
        self._items = ijson.items_coro(self._found, "results.bindings.item")
        self._error = ijson.JSONError

    def feed(self, data: bytes) -> list[tuple[T | None, ...]]:
        """Take the next bytes, return the rows that they complete.

        :raises ParseError: this is no such result.
        """
        if not data:
            return []  # to the parser it would be the end
        try:
            if self.variables is None:
                self._head.append(data)
                self._parser.send(data)
                if not self._begun():
                    return []
                data = b"".join(self._head)
                self._head.clear()
            self._items.send(data)
            rows = self._rows(self._found)
            del self._found[:]
        except (self._error, KeyError, TypeError, ValueError) as error:
            raise _not_json(error) from error
        else:
            return rows

    def close(self) -> list[tuple[T | None, ...]]:
        """Say that no more bytes will come, return the rows left.

        :raises ParseError: the result has no end.
        """
        if self.variables is None:
            return self._whole(b"".join(self._head))
        try:
            self._items.close()
            return self._rows(self._found)
        except self._error as error:
            raise ParseError("the result is broken off before its end") from error
        except (KeyError, TypeError, ValueError) as error:
            raise _not_json(error) from error

    def _whole(self, content: bytes) -> list[tuple[T | None, ...]]:
        """Read what says nothing of its variables at its beginning: ASK, or a head that stands after the
        rows."""
        try:
            document = json.loads(content)
            if "boolean" in document:
                self.boolean = bool(document["boolean"])
                return []
            self.variables = tuple(document["head"]["vars"])
            return self._rows(document["results"]["bindings"])
        except (ValueError, KeyError, TypeError) as error:
            raise _not_json(error) from error

    def _begun(self) -> bool:
        for prefix, event, value in self._events:
            if prefix == "head.vars.item":
                self._names.append(value)
            elif (prefix, event) == ("head.vars", "end_array"):
                self.variables = tuple(self._names)
        del self._events[:]
        return self.variables is not None

    def _rows(self, bindings: Iterable[dict[str, Any]]) -> list[tuple[T | None, ...]]:
        make, variables = self._make, self.variables or ()
        return [
            tuple([make(term) if (term := row.get(name)) else None for name in variables]) for row in bindings
        ]


def _not_json(error: Exception) -> ParseError:
    # The parser quotes what it read, over several lines.
    return ParseError(f"not a SPARQL result in JSON: {str(error).partition(chr(10))[0]}")


def _term(value: dict[str, Any]) -> Term:
    match value["type"]:
        case "uri":
            return Iri(value["value"])
        case "bnode":
            return Blank(value["value"])
        case "literal" | "typed-literal":
            datatype = value.get("datatype")
            return Literal(value["value"], value.get("xml:lang"), None if datatype in _PLAIN else datatype)
        case "triple":
            parts = value["value"]
            return Triple(_term(parts["subject"]), _term(parts["predicate"]), _term(parts["object"]))
        case other:
            raise ValueError(f"unknown kind of term '{other}'")
