"""``polcoop export``: the dataset in the formats of others."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.options import DATASET, DatasetOption, RootOption
from polcoop.errors import SourceError, UsageError

if TYPE_CHECKING:
    from polcoop.export.compiled import Compiled


class ExportFormat(StrEnum):
    """What can be exported."""

    NTRIPLES = "ntriples"
    NQUADS = "nquads"
    TRIG = "trig"
    JSONLD = "jsonld"
    CONTEXT = "context"
    CSVW = "csvw"
    NANOPUBS = "nanopubs"
    QUICKSTATEMENTS = "quickstatements"
    WIKIBASE = "wikibase"
    SAMEAS = "sameas"


_ITEM = re.compile(r"Q[1-9]\d*", re.ASCII)


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("export")(export)


def export(
    form: Annotated[
        ExportFormat, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(ExportFormat)}.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="File to write, for csvw a folder.  [default: standard output]", show_default=False
        ),
    ] = None,
    dataset: DatasetOption = None,
    stated_in: Annotated[
        str | None,
        typer.Option(
            "--stated-in",
            help="quickstatements, wikibase: the note's own item on Wikidata (Q…), for references.",
            show_default=False,
        ),
    ] = None,
    new_items: Annotated[
        bool,
        typer.Option(
            "--new-items", help="quickstatements, wikibase: also create items for unaligned instruments."
        ),
    ] = False,
    root: RootOption = Path(),
) -> None:
    """Write the compiled dataset, or what of it others can use, in one of their formats.

    ntriples, nquads, trig, jsonld, csvw and nanopubs have all of it; quickstatements and wikibase have what
    Wikidata may lack and the note states outright; sameas has links that the data leaves to your choice.
    """
    from polcoop.export.compiled import Compiled

    for_wikidata = form in {ExportFormat.QUICKSTATEMENTS, ExportFormat.WIKIBASE}
    if (stated_in or new_items) and not for_wikidata:
        raise UsageError("--stated-in and --new-items are for quickstatements and wikibase")
    if stated_in and not _ITEM.fullmatch(stated_in):
        raise UsageError(f"--stated-in is an item of Wikidata, Q and a number, not '{stated_in}'")
    data = Compiled.open((dataset or root / DATASET) / "current")
    if form is ExportFormat.CSVW:
        _write_folder(data, out)
    elif for_wikidata:
        _write(_statements(data, form, stated_in, new_items=new_items), out)
    else:
        _write(_writers()[form](data), out)


def _writers() -> Mapping[ExportFormat, Callable[[Compiled], bytes]]:
    from polcoop.export import context, jsonld, nanopubs, rdf

    return {
        ExportFormat.NTRIPLES: rdf.ntriples,
        ExportFormat.NQUADS: rdf.nquads,
        ExportFormat.TRIG: rdf.trig,
        ExportFormat.SAMEAS: rdf.sameas,
        ExportFormat.JSONLD: jsonld.write,
        ExportFormat.CONTEXT: context.write,
        ExportFormat.NANOPUBS: nanopubs.write,
    }


def _statements(data: Compiled, form: ExportFormat, stated_in: str | None, *, new_items: bool) -> bytes:
    from polcoop.export import quickstatements, wikibase
    from polcoop.export.statements import Contributor

    contribution = Contributor(data, stated_in).contribute(new_items=new_items)
    count = f"{len(contribution.statements)} statements"
    if new_items:
        count += f", {len(contribution.new_items)} new items"
    reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(contribution.left_out.items()))
    typer.echo(f"{count}; left out: {reasons or 'nothing'}", err=True)
    write = quickstatements.write if form is ExportFormat.QUICKSTATEMENTS else wikibase.write
    return write(contribution)


def _write_folder(data: Compiled, out: Path | None) -> None:
    from polcoop.export import csvw

    if out is None:
        raise UsageError("csvw is several files", hint="name a folder: polcoop export csvw --out tables")
    files = csvw.write(data)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{out} cannot be made: {error.strerror}") from error
    for name, content in files.items():
        _write(content, out / name)


def _write(content: bytes, out: Path | None) -> None:
    """Write beside ``out`` and rename, so that no reader ever sees half a file."""
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SourceError(f"{out} cannot be written: {error.strerror}") from error
