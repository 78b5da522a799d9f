"""A connection: the four query forms over one source of answers, in process or remote."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from polcoop.errors import MissingExtra, ParseError, PolcoopError, Position, UsageError
from polcoop.iris import BASE, PREFIXES
from polcoop.solutions import Reader, Solutions, read
from polcoop.values import Iri, Value, from_json, iri

from . import lookups
from .binding import Prepared, prepare
from .citing import cite, provenance
from .result import Row, Table
from .tokens import tokens
from .transport import Answer, Kind, Transport

if TYPE_CHECKING:
    from polcoop.citation.provenance import Provenance

    from .citing import Cite
    from .graph import ResultGraph

Bindings = Mapping[str, object]
"""Values by the names of the variables whose places they take; a list stands for any of its members."""

_FORMS: Final = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})


class Connection:
    """What ``polcoop.open()`` and ``polcoop.connect()`` return.

    Every query takes ``bindings`` (values for its variables, inserted as terms), ``timeout`` in seconds (of
    the whole answer), and uses known prefixes without declaring them.  All of them raise ``QuerySyntaxError``
    with the line at fault, ``QueryError``, ``QueryTimeout`` or another ``PolcoopError``.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        timeout: float,
        prefixes: Mapping[str, str] | None = None,
        lang: str = "en",
        ours: bool = False,
    ) -> None:
        """``ours`` says that all IRIs have their labels in this very source; else only those of this
        project."""
        self._transport = transport
        self.timeout, self.lang = timeout, lang
        self.prefixes = {**PREFIXES, **(prefixes or {})}
        self._ours = ours

    @property
    def source(self) -> str:
        """What is asked, in words: the address of the endpoint, or the version of the dataset."""
        return self._transport.name

    def select(self, query: str, bindings: Bindings | None = None, *, timeout: float | None = None) -> Table:
        """Return all solutions of a SELECT query."""
        prepared = self._prepare("SELECT", query, bindings)
        with self._pointing(prepared):
            stream = Stream(self._ask(prepared, Kind.SOLUTIONS, timeout, identified=True), prepared.text)
            rows = list(stream.values())
        origin = provenance(stream.said, stream.query, self.source)
        return Table(
            stream.variables, rows, query=stream.query, source=self.source, labels=self.labels,
            provenance=origin, cite=self._citing(origin),
        )  # fmt: skip

    def stream(self, query: str, bindings: Bindings | None = None, *, timeout: float | None = None) -> Stream:
        """Return the rows of a SELECT query one by one as they arrive, without holding them all.

        The timeout covers the reading too.  A stream that is not read to its end is best closed (``with``).
        """
        prepared = self._prepare("SELECT", query, bindings)
        with self._pointing(prepared):
            return Stream(self._ask(prepared, Kind.SOLUTIONS, timeout), prepared.text)

    def ask(self, query: str, bindings: Bindings | None = None, *, timeout: float | None = None) -> bool:
        """Return the answer to an ASK query."""
        prepared = self._prepare("ASK", query, bindings)
        with self._pointing(prepared):
            reader = Reader(from_json)
            for chunk in self._ask(prepared, Kind.SOLUTIONS, timeout).chunks:
                reader.feed(chunk)
            reader.close()
        if reader.boolean is None:
            raise ParseError("the answer to ASK has no truth value", source=self.source)
        return reader.boolean

    def construct(
        self, query: str, bindings: Bindings | None = None, *, timeout: float | None = None
    ) -> ResultGraph:
        """Return the graph of a CONSTRUCT query: an ``rdflib.Graph`` with provenance."""
        return self._graph("CONSTRUCT", query, bindings, timeout)

    def describe(
        self, query: str | Iri, bindings: Bindings | None = None, *, timeout: float | None = None
    ) -> ResultGraph:
        """Return the graph of a DESCRIBE query, or of a thing:
        ``describe(polcoop.iri("agent:interpol"))``."""
        if isinstance(query, Iri):
            return self._graph("DESCRIBE", "DESCRIBE ?thing", {"thing": query}, timeout)
        return self._graph("DESCRIBE", query, bindings, timeout)

    def label(self, thing: str, lang: str | None = None) -> str | None:
        """Return the label of a thing (IRI or CURIE) in a language, by default that of the connection; where
        it has none, the English one, then any; None when it has no label at all."""
        return lookups.labels(self, [iri(thing)], lang or self.lang).get(iri(thing))

    def labels(self, things: Sequence[Iri], lang: str | None = None) -> dict[Iri, str]:
        """Return the labels of many things at once, as :meth:`label` chooses them; a remote endpoint is only
        asked about the things of this project."""
        wanted = [Iri(thing) for thing in things if self._ours or thing.startswith(BASE)]
        return lookups.labels(self, wanted, lang or self.lang)

    def evidence(self, fact: str, lang: str | None = None) -> Table:
        """Return who says a fact or claim (IRI or CURIE): claim, page, statement, modality, voice, footnote,
        source.

        :raises UsageError: there is no claim for it.
        """
        return lookups.evidence(self, iri(fact), lang or self.lang)

    def wikidata(self, thing: str) -> Iri | None:
        """Return the Wikidata item that is the same as a thing (IRI or CURIE); None when none is known."""
        return lookups.wikidata(self, iri(thing))

    def close(self) -> None:
        """Give back processes or connections; queries under way end."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<polcoop connection: {self.source}>"

    def _graph(self, form: str, query: str, bindings: Bindings | None, timeout: float | None) -> ResultGraph:
        try:
            from .graph import ResultGraph  # noqa: PLC0415 - heavy, and optional
        except ModuleNotFoundError as error:
            raise MissingExtra("a graph", "notebooks") from error

        prepared = self._prepare(form, query, bindings)
        with self._pointing(prepared):
            answer = self._ask(prepared, Kind.GRAPH, timeout, identified=True)
            graph = ResultGraph.read(b"".join(answer.chunks), answer.media_type, self.prefixes)
        origin = provenance(answer.said, prepared.text, self.source)
        return graph.of(self.source, origin, self._citing(origin))

    def _citing(self, origin: Provenance) -> Cite:
        return lambda iris, style, lang: cite(iris, origin, self._solutions, style, lang or self.lang)

    def _prepare(self, form: str, query: str, bindings: Bindings | None) -> Prepared:
        found = next((token.word for token in tokens(query) if token.word in _FORMS), form)
        if found != form:
            raise UsageError(
                f"this is a query of the form {found}, not {form}", hint=f"use {found.lower()}()"
            )
        with self._pointing(Prepared(query)):
            return prepare(query, bindings or {}, self.prefixes)

    def _ask(
        self, prepared: Prepared, kind: Kind, timeout: float | None, *, identified: bool = False
    ) -> Answer:
        seconds = self.timeout if timeout is None else timeout
        if not seconds > 0:
            raise UsageError(f"a timeout is a number of seconds greater than 0, not {seconds!r}")
        return self._transport.ask(prepared.text, kind, seconds, identified=identified)

    def _solutions(self, query: str) -> Solutions:
        found = read(b"".join(self._transport.ask(query, Kind.SOLUTIONS, self.timeout).chunks))
        assert isinstance(found, Solutions)  # noqa: S101 - it is a SELECT
        return found

    @staticmethod
    def _pointing(prepared: Prepared) -> contextlib.AbstractContextManager[None]:
        return _Pointing(prepared)


class Stream:
    """Rows as they arrive; an iterator, and a context manager that ends the query."""

    def __init__(self, answer: Answer, query: str) -> None:
        self.query, self.said = query, answer.said
        self._chunks = answer.chunks
        self._reader = Reader(from_json)
        self._ready: list[tuple[Value | None, ...]] = []
        self._ended = False
        while self._reader.variables is None and not self._ended:
            self._read()
        if self._reader.variables is None:
            raise ParseError("the answer to SELECT has no variables")
        self.variables = self._reader.variables

    def values(self) -> Iterator[tuple[Value | None, ...]]:
        """Yield the rows as bare tuples."""
        while True:
            ready, self._ready = self._ready, []
            yield from ready
            if self._ended:
                return
            self._read()

    def __iter__(self) -> Iterator[Row]:
        return (Row.of(self.variables, row) for row in self.values())

    def close(self) -> None:
        """End the query unless it has ended."""
        self._ended = True
        self._chunks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            self._ended = True
            self._ready += self._reader.close()
        else:
            self._ready += self._reader.feed(chunk)


class _Pointing(contextlib.AbstractContextManager[None]):
    """Adds to an error the line of the query at fault, with a caret, and takes out our own frames."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if not isinstance(error, PolcoopError):
            return
        place = getattr(error, "position", None)
        if isinstance(place, Position) and not isinstance(error, ParseError):
            error.position = self._prepared.written(place)  # type: ignore[attr-defined]
            error.add_note(pointed(self._prepared.original, error.position))  # type: ignore[attr-defined]
        if error.hint:
            error.add_note(f"hint: {error.hint}")
        raise error.with_traceback(None) from None


def pointed(text: str, place: Position) -> str:
    """Return the line of a query at a place, with its number and a caret below."""
    lines = text.split("\n")
    line = lines[min(place.line, len(lines)) - 1].replace("\t", " ").rstrip("\r")
    number = f"{place.line} | "
    # A line of a thousand columns is shown around the place.
    start = max(0, place.column - 60)
    return f"{number}{line[start : start + 100]}\n{' ' * (len(number) + place.column - 1 - start)}^"
