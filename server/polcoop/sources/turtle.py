"""Reading RDF files strictly, with the line and column of what is wrong."""

from __future__ import annotations

import logging
import re
import warnings
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from polcoop.errors import ParseError, Position, SourceError
from polcoop.iris import PREFIXES
from polcoop.sources.places import Place, places

if TYPE_CHECKING:
    from rdflib import Graph

T = TypeVar("T")
_Path = TypeVar("_Path")
_Node = TypeVar("_Node", NamedNode | BlankNode | Triple, NamedNode | BlankNode | Literal | Triple)

FORMATS: Final = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
"""File name ending to format."""

_ERRORS: Final = 20
"""More errors than this in one file help nobody."""
_LABEL = re.compile(rb"_:([\w.\x80-\xff-]*[\w\x80-\xff-])")
_PLACE = re.compile(r"^Parser error at line \d+ (?:column \d+|between columns \d+ and \d+|[^:]*): ")


def read(path: Path, graph: NamedNode | None = None, *, base: str | None = None) -> list[Quad]:
    """Return the quads of an RDF file, in the order of the file.

    :param path: a file whose ending is in ``FORMATS``.
    :param graph: the named graph that triples of the default graph go to; named graphs of the file stay.
    :param base: base IRI for relative IRIs; without it a relative IRI is an error.
    :raises SourceError: the file cannot be read, or its ending is unknown.
    :raises ParseError: it is not well formed; ``source`` and ``position`` say where. JSON-LD contexts are
        never fetched: a file that names a remote one is refused.

    Blank nodes get random labels; ``label_blank_nodes`` makes them reproducible.
    """
    content, file_format = _content(path)
    return parse_quads(content, file_format, str(path), graph, base=base)


@dataclass(frozen=True)
class LocatedFile:
    """A file that was read, with its quads in their order; the text is looked through for places when
    somebody first asks."""

    path: Path
    quads: list[Quad]
    content: bytes
    prefixes: Mapping[str, str]

    @property
    def text(self) -> str:
        """The text."""
        return self.content.decode("utf-8", errors="replace")

    @cached_property
    def places(self) -> list[Place | None]:
        """The place of each quad, None where the syntax gives none."""
        return places(self.text, FORMATS[self.path.suffix.lower()], self.quads)


def read_located(path: Path, graph: NamedNode | None = None, *, base: str | None = None) -> LocatedFile:
    """Return what :func:`read` returns, raising what it raises, together with what tells the place of each
    quad."""
    content, file_format = _content(path)
    quads, prefixes = _parsed(content, file_format, str(path), graph, base)
    return LocatedFile(path, quads, content, prefixes)


def _content(path: Path) -> tuple[bytes, RdfFormat]:
    file_format = FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise SourceError(f"{path}: unknown kind of file", hint=f"known endings: {' '.join(FORMATS)}")
    try:
        # Windows editors put a byte order mark before the text, which the parser takes for a name.
        return path.read_bytes().removeprefix(BOM_UTF8), file_format
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def parse_quads(
    content: bytes,
    file_format: RdfFormat,
    source: str,
    graph: NamedNode | None = None,
    *,
    base: str | None = None,
) -> list[Quad]:
    """Return the quads of ``content``; like :func:`read` for what is already in memory, ``source`` names it
    in errors."""
    return _parsed(content, file_format, source, graph, base)[0]


def _parsed(
    content: bytes, file_format: RdfFormat, source: str, graph: NamedNode | None, base: str | None
) -> tuple[list[Quad], dict[str, str]]:
    """The quads, and the prefixes that are declared."""
    errors: list[SyntaxError] = []
    prefixes: dict[str, str] = {}
    quads = list(_recovering(content, file_format, base, errors, prefixes))
    if errors:
        raise _refused(errors, source)
    if graph is not None:
        quads = [
            Quad(q.subject, q.predicate, q.object, graph) if isinstance(q.graph_name, DefaultGraph) else q
            for q in quads
        ]
    return quads, prefixes


def _recovering(
    content: bytes,
    file_format: RdfFormat,
    base: str | None,
    errors: list[SyntaxError],
    prefixes: dict[str, str],
) -> Iterator[Quad]:
    """Yield the quads and gather the errors, as well as the prefixes: the parser finds its way back to the
    next statement, so that all mistakes are told at once."""
    try:
        found = parse(content, format=file_format, base_iri=base, rename_blank_nodes=True)
    except SyntaxError as error:
        errors.append(error)
        return
    while len(errors) < _ERRORS:
        try:
            yield from found
            prefixes.update(found.prefixes)
            return
        except SyntaxError as error:
            errors.append(error)


def _refused(errors: list[SyntaxError], source: str) -> ParseError:
    """One error for all of a file, at the place of the first; of those on one line only the first, which
    the others may well come from."""
    first: dict[int | None, ParseError] = {}
    for error in errors:
        position = Position(error.lineno, error.offset or 1) if error.lineno else None
        told = ParseError(_said(error.msg), source=source, position=position)
        told.__cause__ = error
        first.setdefault(error.lineno, told)
    head, *others = first.values()
    head.others = tuple(others)
    return head


def _said(message: str) -> str:
    if "LoadDocumentCallback" in message:
        return "a remote context is never fetched; write the context into the file"
    return _PLACE.sub("", message)


def read_all(paths: Iterable[_Path], reader: Callable[[_Path], T]) -> list[T]:
    """Return what ``reader`` makes of each path (or of whatever leads it to a file), in order.

    :raises ParseError: the exact error when one file is at fault; when several are, one error that lists them
        all, one a line.
    """
    results: list[T] = []
    errors: list[SourceError] = []
    for path in paths:
        try:
            results.append(reader(path))
        except SourceError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ParseError("\n".join(str(error) for error in errors)) from errors[0]
    return results


def read_graph(paths: Iterable[Path]) -> Graph:
    """Return one rdflib graph with the triples of all files (graph names dropped), for the tools that are
    built on rdflib.

    :raises ParseError: as :func:`read_all` says.
    """
    return to_graph(quad for quads in read_all(paths, read) for quad in quads)


@dataclass(frozen=True, slots=True)
class Triples:
    """Triples as canonical N-Triples, with the prefixes of a graph of them: None for those of the project."""

    content: bytes
    prefixes: Mapping[str, str] | None = None

    @classmethod
    def of(cls, quads: Iterable[Quad], prefixes: Mapping[str, str] | None = None) -> Triples:
        """The triples of ``quads``, graph names dropped."""
        content = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES)
        return cls(content or b"", prefixes)

    def graph(self, *more: Triples) -> Graph:
        """These and ``more`` triples as one rdflib graph, in which blank nodes keep their labels, by which
        their places in the files are found again."""
        from rdflib import BNode  # noqa: PLC0415

        graph = empty_graph(self.prefixes)
        for part in (self, *more):
            labels = (label.decode() for label in set(_LABEL.findall(part.content)))
            context = {label: BNode(label) for label in labels}
            if part.content:
                with quiet():
                    graph.parse(data=part.content, format="nt", bnode_context=context)
        return graph


def empty_graph(prefixes: Mapping[str, str] | None = None) -> Graph:
    """Return an rdflib graph that knows the project's prefixes, or ``prefixes`` beside those that rdflib
    itself knows."""
    # Only the tools that are built on rdflib need it, and it takes a while to import.
    from rdflib import Graph  # noqa: PLC0415

    graph = Graph(bind_namespaces="none" if prefixes is None else "rdflib")
    for prefix, namespace in (PREFIXES if prefixes is None else prefixes).items():
        graph.bind(prefix, namespace, replace=True)
    return graph


def to_graph(quads: Iterable[Quad], prefixes: Mapping[str, str] | None = None) -> Graph:
    """Return the triples of ``quads`` as one rdflib graph, graph names dropped; for ``prefixes`` see
    :func:`empty_graph`.

    The strict parser reads; rdflib only receives N-Triples, which it reads many times faster than Turtle.
    """
    return Triples.of(quads, prefixes).graph()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep rdflib from telling the world about each literal that is not what its datatype says: a shape may
    speak of it."""
    logger = logging.getLogger("rdflib.term")
    disabled, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = disabled


def label_blank_nodes(quads: Iterable[Quad], prefix: str) -> list[Quad]:
    """Return the quads of one file with blank nodes called ``prefix`` and their canonical number (RDFC-1.0).

    The labels depend only on the content, so that they are the same on every machine and survive
    reformatting.  Each file is numbered apart, so that a change in one file renames no blank node of another.
    """
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)

    def named(term: _Node) -> _Node:
        return (
            BlankNode(f"{prefix}{term.value.removeprefix('c14n')}") if isinstance(term, BlankNode) else term
        )

    return [Quad(named(q.subject), q.predicate, named(q.object), q.graph_name) for q in dataset]
