"""``polcoop links``: are the links to Wikidata borne out, and what has none?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.options import DATASET, DatasetOption, ReportFormat, RootOption

if TYPE_CHECKING:
    from polcoop.export.links import Coverage, Link

_EVIDENCE = Path("..") / "shared" / "wikidata"


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("links")(links)


def links(
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            envvar="POLCOOP_WIKIDATA",
            help="Folder with alignments.csv, countries.csv, classes.csv and properties.csv.  "
            "[default: ../shared/wikidata, beside the project]",
            show_default=False,
        ),
    ] = None,
    unaligned: Annotated[
        bool, typer.Option("--unaligned", help="Report what has no link instead; needs no evidence.")
    ] = False,
    form: Annotated[ReportFormat, typer.Option("--format", "-f", help="table or json.")] = ReportFormat.TABLE,
    dataset: DatasetOption = None,
    root: RootOption = Path(),
) -> None:
    """Check each link to Wikidata against the evidence that its identifier was seen beside the same label.

    Exit code 1 when an identifier has no evidence, or is called otherwise there than here.
    """
    from polcoop.export.compiled import Compiled
    from polcoop.export.links import check, read_evidence, uncovered

    data = Compiled.open((dataset or root / DATASET) / "current")
    if unaligned:
        _report(uncovered(data), form)
        return
    checked = check(data, read_evidence(evidence or root / _EVIDENCE))
    _tell(checked, form)
    if any(link.problem for link in checked):
        raise typer.Exit(1)


def _report(coverage: list[Coverage], form: ReportFormat) -> None:
    if form is ReportFormat.JSON:
        typer.echo(json.dumps([asdict(each) for each in coverage], ensure_ascii=False, indent=2))
        return
    for each in coverage:
        typer.echo(f"{each.of}: {len(each.unaligned)} of {each.total} without a link to Wikidata")
        width = max((len(one.id) for one in each.unaligned), default=0)
        for one in each.unaligned:
            typer.echo(f"  {one.id:{width}}  {one.label}")


def _tell(checked: list[Link], form: ReportFormat) -> None:
    if form is ReportFormat.JSON:
        typer.echo(json.dumps([asdict(link) for link in checked], ensure_ascii=False, indent=2))
        return
    for link in checked:
        if link.problem or link.remark:
            kind = "problem" if link.problem else "remark"
            typer.echo(f"{kind}: {link.subject} {link.property}: {link.problem or link.remark}")
    problems = sum(bool(link.problem) for link in checked)
    remarks = sum(bool(link.remark) for link in checked)
    typer.echo(f"{len(checked)} links to Wikidata: {problems} problems, {remarks} remarks")
