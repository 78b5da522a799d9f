"""The command that cites: cite."""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.options import DataOption, DatasetOption, TimeoutOption
from polcoop.cli.progress import progress
from polcoop.cli.query import (
    opened,
    parsed_query,
    pointed,
    query_text,
    settings_of,
)
from polcoop.errors import QuerySyntaxError, UsageError

if TYPE_CHECKING:
    from polcoop.citation.provenance import Provenance
    from polcoop.settings import Settings
    from polcoop.sparql.citing import Citation
    from polcoop.sparql.engine import Dataset
    from polcoop.sparql.query import Query


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("cite")(cite)


def cite(
    file: Annotated[
        str | None,
        typer.Argument(
            help="File with a query: SPARQL, or Turtle with one example query in it; - for stdin."
            "  Without one, dataset and note alone."
        ),
    ] = None,
    expression: Annotated[str | None, typer.Option("--expression", "-e", help="The query itself.")] = None,
    style: Annotated[str, typer.Option("--style", help="apa, bibtex, ris or csl-json.")] = "apa",
    csl: Annotated[
        Path | None,
        typer.Option("--csl", help="CSL style file to use instead of APA.", readable=False),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the reader: en or fr.")] = "en",
    provenance: Annotated[
        bool,
        typer.Option(
            "--provenance",
            help="Tell on stderr, too, what the result is an answer to: dataset, query, result, time.",
        ),
    ] = False,
    data: DataOption = None,
    dataset: DatasetOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Print how a result is cited: the dataset version, the note with the pages, the sources behind the rows.

    Sources are found through the claims, facts, footnotes and works that stand in the rows as nodes: select
    them beside their labels.
    """
    from polcoop.citation.apa import APA
    from polcoop.citation.styles import Style
    from polcoop.citation.styles import cite as written

    chosen = Style.named(style)
    if lang not in {"en", "fr"}:
        raise UsageError(f"there is no language '{lang}'", hint="--lang en, --lang fr")
    if csl is not None and chosen is not Style.APA:
        raise UsageError(f"--csl and --style {style} exclude each other")
    settings = settings_of(dataset=dataset, timeout=timeout)
    name, text, query = "", "", None
    try:
        if file is not None or expression is not None:
            name, text = query_text(file, expression)
            query = parsed_query(text, settings)
        with opened(data or [], settings) as chosen_data, progress("looking for the sources"):
            found = asyncio.run(_found(query, chosen_data, settings, lang))
    except QuerySyntaxError as error:
        raise pointed(error, name, text) from error
    if found.problem:
        typer.echo(f"polcoop: note: {found.problem}", err=True)
    if provenance:
        typer.echo(_said(found.provenance), err=True)
    sys.stdout.write(written(found.bibliography, chosen, lang=lang, csl=csl or APA))


def _said(origin: Provenance) -> str:
    """The header fields of an answer of the endpoint; those of a query only when there is one."""
    from email.utils import format_datetime

    from polcoop.citation.provenance import field

    fields = {**origin.headers(), "Date": format_datetime(origin.time, usegmt=True)}
    return "\n".join(f"{name}: {value}" for name, value in fields.items() if value != field(""))


async def _found(query: Query | None, dataset: Dataset, settings: Settings, lang: str) -> Citation:
    from polcoop.sparql.citing import citation
    from polcoop.sparql.engine import Limits
    from polcoop.sparql.local import Capacity, LocalEngine

    alone = Capacity(workers=1, memory=settings.memory << 20, grace=math.inf)
    async with LocalEngine(dataset, alone) as engine:
        return await citation(query, engine, dataset.identity, Limits(settings.timeout), lang=lang)
