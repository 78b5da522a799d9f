"""Command that measures the encoding against the text: coverage."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.note import open_note
from polcoop.cli.options import DATASET, NoteOption, ReportFormat, RootOption
from polcoop.cli.verdict import verdict

if TYPE_CHECKING:
    from polcoop.quality.coverage import PageCoverage

UNCOVERED = Path("instances") / "uncovered.tsv"


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("coverage")(coverage)


def coverage(
    note: NoteOption = None,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="A table, or JSON with every finding.")
    ] = ReportFormat.TABLE,
    page: Annotated[int | None, typer.Option("--page", help="Only this page.")] = None,
    root: RootOption = Path(),
) -> None:
    """Report, page by page, what of the note no claim covers.

    Sentences (whole or in part) and single numbers or names outside every passage, footnotes that no claim
    carries, and figures of facts that no passage of their claims states.  What needs no claim is listed with
    its reason in instances/uncovered.tsv.  Exit code 1 when anything is missing.
    """
    from polcoop.cli.progress import progress
    from polcoop.quality.coverage import coverage as measure
    from polcoop.sources.encoded import bibliographic_footnotes, claims, exemptions
    from polcoop.sources.evidence import open_project
    from polcoop.sources.project import Project

    text = open_note(note, root)
    if page is not None:
        text.page(page)
    with progress("measuring"):
        store = open_project(Project(root), root / DATASET)
        listed = root / UNCOVERED
        exempt = exemptions(listed) if listed.is_file() else []
        found = measure(text, claims(store), exempt, bibliographic_footnotes(store))
    found = [item for item in found if page in {None, item.page}]
    with verdict(0 if all(item.complete for item in found) else 1):
        if form is ReportFormat.JSON:
            typer.echo(json.dumps([asdict(item) for item in found], ensure_ascii=False, indent=2))
        else:
            _print(found)


_COLUMNS = ("page", "sentences", "claims", "uncovered", "partly", "loose", "calls", "figures")


def _print(found: list[PageCoverage]) -> None:
    rows = [[str(count) for count in _counts(item)] for item in found]
    totals = [str(sum(_counts(item)[column] for item in found)) for column in range(1, len(_COLUMNS))]
    for cells in ([*_COLUMNS], *rows, ["all", *totals]):
        typer.echo("  ".join(f"{cell:>{len(name)}}" for cell, name in zip(cells, _COLUMNS, strict=True)))
    for item in found:
        for kind in ("uncovered", "partly", "loose", "figures"):
            for finding in getattr(item, kind):
                typer.echo(f"p. {item.page} {kind}: {finding}")
        if item.calls:
            typer.echo(f"p. {item.page} calls: footnotes {', '.join(map(str, item.calls))}")


def _counts(item: PageCoverage) -> list[int]:
    lists = (item.uncovered, item.partly, item.loose, item.calls, item.figures)
    return [item.page, item.sentences, item.claims, *(len(found) for found in lists)]
