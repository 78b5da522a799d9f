"""A validation from material and shapes to a report with places, as the command and the endpoint do it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from polcoop.quality.locate import Locator, located
from polcoop.quality.material import Material, located_files
from polcoop.quality.shacl import ShapesError, shapes_graph, validate

if TYPE_CHECKING:
    from polcoop.quality.plans.change import Before
    from polcoop.quality.report import ValidationReport
    from polcoop.sources.turtle import LocatedFile

NOTE_SHAPES: Final = "note.ttl"
"""The file in shapes/ with what holds of this note alone."""


def rules(root: Path, *, note: bool) -> list[LocatedFile]:
    """The shapes of the project in ``root``: for the ``note``, or for anybody's data.

    :raises SourceError: a file cannot be read, or parsed (``ParseError``).
    """
    return [file for file in located_files([root / "shapes"]) if note or file.path.name != NOTE_SHAPES]


def judged(
    material: Material, shapes: Sequence[LocatedFile], before: Before | None = None
) -> ValidationReport:
    """The report on ``material``, each result with its file, line and column; with ``before``, on what a
    change since then can affect.

    :raises ShapesError: the shapes are refused.
    """
    try:
        found = validate(material.data, shapes_graph(shapes), material.background, before)
    except ShapesError as error:
        error.place = Locator(shapes).subject(error.shape)
        raise
    return located(found, material.files, shapes)
