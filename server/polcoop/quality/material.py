"""What a check looks at: the project, or somebody's files on the background of the project.

The same computation as at compile time stands behind both, so that a check sees what would be served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from polcoop.sources.dataset import Report
from polcoop.sources.dates import misdated
from polcoop.sources.derive import compute
from polcoop.sources.project import (
    ALIGNMENTS,
    INSTANCES,
    Project,
    Source,
    files,
)
from polcoop.sources.turtle import LocatedFile, Triples, read_all, read_located

if TYPE_CHECKING:
    from pyoxigraph import Quad
    from rdflib import Graph

_First = TypeVar("_First")
_Second = TypeVar("_Second")


@dataclass(frozen=True, slots=True)
class Material:
    """Triples to judge, and triples that are only known (None when everything is judged), with the files
    that they were read from, those to judge first."""

    data: Triples
    background: Triples | None
    files: tuple[LocatedFile, ...] = ()

    @property
    def union(self) -> Graph:
        """Both together, a new graph each time."""
        return self.data.graph(*([self.background] if self.background else []))


def of_project(project: Project, report: Report = lambda _: None, *, alignments: bool = False) -> Material:
    """All sources of the project with what is computed from them, to be judged as a whole.

    Alignments to other ontologies are left out unless asked for: they say nothing that a shape could look at.

    :raises SourceError: a file of the project cannot be read, or parsed (``ParseError``).
    """
    report("reading the project")
    read = read_all(project.sources, _read_source)
    read.sort(key=lambda file: _graph(file) != INSTANCES)
    quads = [quad for file in read for quad in file.quads]
    report("computing")
    quads += derived(quads, project.rules)
    judged = (quad for quad in quads if alignments or quad.graph_name != ALIGNMENTS)
    return Material(Triples.of(judged), None, tuple(read))


def of_strangers(paths: Iterable[Path], report: Report = lambda _: None) -> Material:
    """The files at ``paths`` (folders are searched) and nothing else: no background, nothing computed.

    :raises SourceError: as :func:`of_files` says.
    """
    report("reading")
    read = located_files(paths)
    # As in pySHACL, the prefixes of the data serve the queries of shapes that declare none.
    prefixes = {prefix: namespace for file in read for prefix, namespace in file.prefixes.items()}
    quads = (quad for file in read for quad in file.quads)
    return Material(Triples.of(quads, prefixes), None, tuple(read))


def of_files(
    project: Project,
    paths: Iterable[Path],
    report: Report = lambda _: None,
    *,
    alignments: bool = False,
) -> Material:
    """The files at ``paths`` (folders are searched), to be judged on the background of the project.

    The background is the ontology, the vocabularies and the project's instances.  A node
    that the files describe is theirs: what the project says of the same node is not added, so that a changed
    copy of a file of the project is judged by what it says itself.

    :raises SourceError: a path is missing, or a file is not well formed (``ParseError``, with line and
        column).
    """
    report("reading")
    theirs, ours = both(partial(located_files, paths), partial(read_all, project.sources, _read_source))
    given = [quad for file in theirs for quad in file.quads]
    described = {quad.subject for quad in given}
    known = [
        quad
        for file in ours
        for quad in file.quads
        if (alignments or quad.graph_name != ALIGNMENTS)
        and (quad.graph_name != INSTANCES or quad.subject not in described)
    ]
    report("computing")
    computed = derived((*known, *given), project.rules)
    judged = [quad for quad in computed if quad.subject in described]
    others = [quad for quad in computed if quad.subject not in described]
    return Material(Triples.of((*given, *judged)), Triples.of((*known, *others)), (*theirs, *ours))


def located_files(paths: Iterable[Path]) -> list[LocatedFile]:
    """The files at ``paths`` (folders are searched), read with what tells their places.

    :raises SourceError: a path is missing or a file is not well formed (``ParseError``); every one is named.
    """
    seen: set[Path] = set()

    def under(path: Path) -> list[LocatedFile]:
        fresh = [file for file in files([path]) if file.resolve() not in seen]
        seen.update(file.resolve() for file in fresh)
        return read_all(fresh, _read)

    return [file for part in read_all(paths, under) for file in part]


def derived(quads: Iterable[Quad], rules: Iterable[Path]) -> list[Quad]:
    """What is computed from ``quads``; a date without bounds is passed over: a shape speaks of it."""
    known = list(quads)
    wrong = {quad for quad, _ in misdated(known)}
    return compute([quad for quad in known if quad not in wrong], rules)


def both(first: Callable[[], _First], second: Callable[[], _Second]) -> tuple[_First, _Second]:
    """Do both, so that what is wrong with the second is told together with what is wrong with the first.

    :raises SourceError: the one error there is, or a ``ParseError`` that lists all, one a line.
    """
    found = read_all([first, second], lambda action: action())
    return cast("tuple[_First, _Second]", tuple(found))


def _read(path: Path) -> LocatedFile:
    return read_located(path, INSTANCES, base=path.resolve().as_uri())


def _read_source(source: Source) -> LocatedFile:
    return read_located(source.path, source.graph)


def _graph(file: LocatedFile) -> object:
    return file.quads[0].graph_name if file.quads else None
