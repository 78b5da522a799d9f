"""The state of a project in a folder: its data compiled in memory, its example queries and its shapes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Quad

from polcoop.sources.dataset import project_quads, write_store
from polcoop.sources.example import example_query
from polcoop.sources.project import Project
from polcoop.sources.turtle import read_all


@dataclass(frozen=True)
class State:
    """One state: ``name`` for messages, the folder, all quads, query names with their texts, shapes files."""

    name: str
    root: Path
    quads: list[Quad]
    queries: dict[str, str]
    shapes: list[Path]

    @classmethod
    def of(cls, name: str, root: Path) -> State:
        """Read and compile the project in ``root``.

        :raises SourceError: a file is missing, or cannot be read or parsed (``ParseError``).
        """
        queries = sorted((root / "queries").glob("*.ttl"))
        shapes = sorted((root / "shapes").rglob("*.ttl"))
        quads = project_quads(Project(root))
        texts = read_all(queries, example_query)
        return cls(name, root, quads, dict(zip((path.stem for path in queries), texts, strict=True)), shapes)

    def like(self, other: State) -> bool:
        """Whether queries and shapes find the same in both."""
        return (
            set(self.quads) == set(other.quads)
            and self.queries == other.queries
            and [path.read_bytes() for path in self.shapes] == [path.read_bytes() for path in other.shapes]
        )

    @contextmanager
    def stored(self) -> Iterator[Path]:
        """Yield a temporary engine store with all quads."""
        with tempfile.TemporaryDirectory(prefix="polcoop-", ignore_cleanup_errors=True) as directory:
            store = Path(directory, "store")
            write_store(store, self.quads)
            yield store
