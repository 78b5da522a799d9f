"""Which files make up a project, and which named graph each of them fills."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from polcoop.errors import ParseError, Position, SourceError
from polcoop.iris import CATALOGUE as CATALOGUE_IRI
from polcoop.iris import EXAMPLES as EXAMPLES_IRI
from polcoop.iris import GRAPHS
from polcoop.sources.dates import misdated
from polcoop.sources.turtle import FORMATS, label_blank_nodes, read, read_all

ONTOLOGY: Final = NamedNode(f"{GRAPHS}ontology")
VOCABULARIES: Final = NamedNode(f"{GRAPHS}vocabularies")
ALIGNMENTS: Final = NamedNode(f"{GRAPHS}alignments")
INSTANCES: Final = NamedNode(f"{GRAPHS}instances")
COMPUTED: Final = NamedNode(f"{GRAPHS}computed")
INFERRED: Final = NamedNode(f"{GRAPHS}inferred")
SHAPES: Final = NamedNode(f"{GRAPHS}shapes")
# The name that the SIB convention gives the graph of the example queries.
EXAMPLES: Final = NamedNode(EXAMPLES_IRI)
CATALOGUE: Final = NamedNode(CATALOGUE_IRI)

_FOLDERS: Final = (
    ("ontology/*.ttl", ONTOLOGY),
    ("ontology/vocabularies/*.ttl", VOCABULARIES),
    ("ontology/alignments/*.ttl", ALIGNMENTS),
    ("instances/**/*.ttl", INSTANCES),
)
_BESIDE: Final = (("shapes/*.ttl", SHAPES), ("queries/*.ttl", EXAMPLES), ("catalogue.ttl", CATALOGUE))
_PACKAGE = Path(__file__).parent
# Libraries whose version may change what is computed.
_LIBRARIES = ("edtf", "pyoxigraph", "reasonable")


@dataclass(frozen=True, slots=True)
class Source:
    """A Turtle file of the project and the named graph that it fills."""

    path: Path
    graph: NamedNode


class Project:
    """A folder with ``ontology/``, usually ``instances/``, and computation rules in ``queries/derive/``.

    :raises SourceError: there is no ``ontology/`` folder under ``root``, or it holds no Turtle file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        if not (root / "ontology").is_dir():
            raise SourceError(
                f"no folder ontology/ in {root.resolve()}",
                hint="run polcoop in the project's folder, or name it with --root or POLCOOP_ROOT",
            )
        self.sources = _sources(root, _FOLDERS)
        if not self.sources:
            raise SourceError(f"no Turtle file in {(root / 'ontology').resolve()}")
        # What is served beside the data and is none of it: nothing is computed or inferred from it.
        self.beside = _sources(root, _BESIDE)
        self.rules = sorted((root / "queries" / "derive").glob("*.rq"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all that decides the compiled dataset: files with their paths, rules, this code, its
        libraries."""
        total = hashlib.sha256()
        for library in _LIBRARIES:
            total.update(f"{library} {version(library)}\n".encode())
        for folder, paths in (
            (self.root, [*(source.path for source in (*self.sources, *self.beside)), *self.rules]),
            # The dataset declares the prefixes that iris.py has; nothing else outside this package decides.
            (_PACKAGE.parent, [_PACKAGE.parent / "iris.py", *sorted(_PACKAGE.glob("*.py"))]),
        ):
            for path in paths:
                content = hashlib.sha256(_bytes(path)).hexdigest()
                total.update(f"{content} {path.relative_to(folder).as_posix()}\n".encode())
        return total.hexdigest()

    def read(self) -> list[Quad]:
        """Return the quads of all source files, blank nodes labelled reproducibly.

        :raises ParseError: a file is not well formed Turtle, or a ``polcoop:edtf`` value is no EDTF date; all
            files at fault are named.
        """
        return [quad for quads in read_all(self.sources, self._read) for quad in quads]

    def read_beside(self) -> list[Quad]:
        """Return the quads of the shapes and of the example queries, likewise.

        :raises ParseError: a file is not well formed Turtle; all files at fault are named.
        """
        return [quad for quads in read_all(self.beside, self._read) for quad in quads]

    def _read(self, source: Source) -> list[Quad]:
        quads = read(source.path, source.graph)
        _check_dates(source.path, quads)
        name = source.path.relative_to(self.root).as_posix()
        return label_blank_nodes(quads, f"f{hashlib.sha256(name.encode()).hexdigest()[:10]}n")


def _sources(root: Path, folders: Iterable[tuple[str, NamedNode]]) -> list[Source]:
    return [
        Source(path, graph)
        for pattern, graph in folders
        for path in sorted(root.glob(pattern))
        if path.is_file()
    ]


def at_hand(root: Path) -> Path:
    """Return the project to judge other people's data by: ``root``, or when that is the working directory and
    holds none, the one that came with this package (in it, or in the checkout of an editable installation).
    """
    return root if root != Path() or (root / "ontology").is_dir() else shipped()


def shipped() -> Path:
    """Return the project that came with this package: in it, or the checkout of an editable installation."""
    package = _PACKAGE.parent
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parents[1]


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the RDF files among ``paths`` and, sorted, in the folders among them, each once.

    What is hidden in a folder (``.venv``, ``.git``) is nobody's data, unless it is named itself.

    :raises SourceError: a path does not exist, or a folder holds no RDF file.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _files(path):
            # A file that is read twice would give its blank nodes twice.
            if (own := file.resolve()) not in seen:
                seen.add(own)
                yield file


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise SourceError(f"no file or folder {path}")
        return [path]
    there = (file for file in path.rglob("*") if file.suffix.lower() in FORMATS and file.is_file())
    found = sorted(f for f in there if not any(part.startswith(".") for part in f.relative_to(path).parts))
    if not found:
        raise SourceError(f"no RDF file in {path}", hint=f"known endings: {' '.join(FORMATS)}")
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def _check_dates(path: Path, quads: Sequence[Quad]) -> None:
    """Refuse a date here, where its file is still known, rather than when its bounds are computed."""
    for quad, error in misdated(quads):
        if isinstance(quad.object, Literal):
            raise ParseError(
                str(error), source=str(path), position=_position(path, f'"{quad.object.value}"')
            ) from error


def _position(path: Path, text: str) -> Position | None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if (column := line.find(text)) >= 0:
            return Position(number, column + 1)
    return None
