"""What was judged at an earlier revision, for judging only what a change since then can affect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polcoop.errors import SourceError
from polcoop.quality.judging import rules
from polcoop.quality.material import Material, located_files, of_files, of_project, of_strangers
from polcoop.quality.plans.change import Before
from polcoop.sources.project import Project
from polcoop.sources.revisions import Layout, checked_out, laid_out, resolve
from polcoop.sources.turtle import Triples

if TYPE_CHECKING:
    from polcoop.sources.turtle import LocatedFile


@dataclass(frozen=True, slots=True)
class Unlike:
    """Nothing can be left out: ``reason`` says why."""

    reason: str


def of_the_project(
    project: Project, name: str, shapes: Sequence[LocatedFile], *, note: bool
) -> Before | Unlike:
    """The project as the revision called ``name`` has it.

    :raises UsageError: git knows no such revision.
    """
    revision = resolve(project.root, name)
    try:
        with checked_out(project.root, revision) as old:
            if not _alike(shapes, _rules(old, note=note)):
                return Unlike(f"{name} has other shapes")
            return _before(of_project(Project(old)))
    except SourceError as error:
        return Unlike(str(error))


def of_the_files(
    project: Project, paths: Sequence[Path], name: str, shapes: Sequence[LocatedFile], *, note: bool
) -> Before | Unlike:
    """The files at ``paths`` as the revision called ``name`` of their repository has them, on the background
    of the project: as the revision has it if it is in the same repository, as it is now if it is not.

    :raises UsageError: the files are in no repository, or it knows no such revision.
    """
    try:
        with ExitStack() as stack:
            layout = stack.enter_context(laid_out(paths, name))
            root = project.root
            if root.resolve().is_relative_to(layout.top):
                root = stack.enter_context(checked_out(root, resolve(root, name)))
                if not _alike(shapes, _rules(root, note=note)):
                    return Unlike(f"{name} has other shapes")
            return _before(of_files(Project(root), layout.paths.values()), layout)
    except SourceError as error:
        return Unlike(str(error))


def of_the_strangers(paths: Sequence[Path], name: str, shapes: Sequence[Path]) -> Before | Unlike:
    """The files at ``paths`` as the revision called ``name`` of their repository has them, if the shapes are
    there what they are now; shapes outside the repository are.

    :raises UsageError: the files are in no repository, or it knows no such revision.
    """
    try:
        with laid_out([*paths, *shapes], name) as layout:
            ours = [path for path in shapes if path.resolve().is_relative_to(layout.top)]
            then = [layout.paths[path] for path in ours if path in layout.paths]
            if not _alike(located_files(ours), located_files(then)):
                return Unlike(f"{name} has other shapes")
            earlier = [layout.paths[path] for path in paths if path in layout.paths]
            return _before(of_strangers(earlier), layout)
    except SourceError as error:
        return Unlike(str(error))


def _rules(root: Path, *, note: bool) -> list[LocatedFile]:
    return rules(root, note=note) if (root / "shapes").is_dir() else []


def _alike(shapes: Iterable[LocatedFile], others: Iterable[LocatedFile]) -> bool:
    return sorted(file.content for file in shapes) == sorted(file.content for file in others)


def _before(material: Material, layout: Layout | None = None) -> Before:
    background = material.background
    if layout is None:
        return Before(material.data, background)
    return Before(_moved(material.data, layout), background and _moved(background, layout))


def _moved(triples: Triples, layout: Layout) -> Triples:
    """The triples as if the files had been read in their own place, against which relative IRIs resolve."""
    content = triples.content.replace(layout.tree.as_uri().encode(), layout.top.as_uri().encode())
    return Triples(content, triples.prefixes)
