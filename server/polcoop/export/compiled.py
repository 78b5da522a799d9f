"""The compiled dataset as the exporters see it: its quads in a fixed order, and SPARQL over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from polcoop.errors import SourceError
from polcoop.iris import PREFIXES
from polcoop.sources.dataset import Manifest

Term = NamedNode | BlankNode | Literal | Triple


@dataclass(frozen=True)
class Compiled:
    """A compiled dataset.  What is read from it comes in an order that depends on the data alone."""

    directory: Path
    manifest: Manifest

    @classmethod
    def open(cls, directory: Path) -> Compiled:
        """Open the folder of a version, or ``current``.

        :raises SourceError: there is no compiled dataset.
        """
        # The link may move on while this runs; the version it names now stays.
        directory = directory.resolve()
        return cls(directory, Manifest.load(directory))

    @cached_property
    def nquads(self) -> bytes:
        """The dataset as sorted N-Quads.

        :raises SourceError: the file cannot be read.
        """
        try:
            return (self.directory / "dataset.nq").read_bytes()
        except OSError as error:
            raise SourceError(f"{self.directory} holds no compiled dataset: {error.strerror}") from error

    @cached_property
    def quads(self) -> list[Quad]:
        """The same, parsed; sorted by graph, then as in N-Quads."""
        quads = [quad for quad in parse(self.nquads, format=RdfFormat.N_QUADS) if isinstance(quad, Quad)]
        return sorted(quads, key=lambda quad: str(quad.graph_name))

    def select(self, query: str) -> Iterator[tuple[Term | None, ...]]:
        """Yield the rows of a SELECT over the union of all graphs; the prefixes of the project are known."""
        solutions = self._store.query(query, prefixes=dict(PREFIXES), use_default_graph_as_union=True)
        assert isinstance(solutions, QuerySolutions)  # noqa: S101 - every query here is a SELECT
        width = len(solutions.variables)
        for row in solutions:
            yield tuple(row[i] for i in range(width))

    @cached_property
    def _store(self) -> Store:
        try:
            return Store.read_only(str(self.directory / "store"))
        except OSError as error:
            raise SourceError(f"the store in {self.directory} cannot be opened: {error}") from error


def written_out(
    content: Iterable[Quad] | Iterable[Triple], form: RdfFormat, prefixes: dict[str, str]
) -> bytes:
    """Serialise, in the order given."""
    buffer = BytesIO()
    serialize(content, buffer, format=form, prefixes=prefixes)
    return buffer.getvalue()
