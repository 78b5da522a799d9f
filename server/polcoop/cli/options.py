"""Options that several commands have, so that each reads the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DATASET = Path("build") / "dataset"
"""Where the compiled dataset lies in the project."""


class ReportFormat(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"


RootOption = Annotated[
    Path,
    typer.Option(
        "--root", envvar="POLCOOP_ROOT", help="Project folder: the one that holds ontology/ and instances/."
    ),
]
NoteOption = Annotated[
    Path | None,
    typer.Option(
        "--note",
        envvar="POLCOOP_NOTE",
        help="Text of the note, with a line '=== page N ===' before each page.  "
        "[default: ../shared/note/note-135-paginated.txt, beside the project]",
        show_default=False,
    ),
]

DataOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--data",
        help="RDF file or folder to use instead of the compiled dataset; may be given several times.",
        readable=False,  # what cannot be read is named by whoever reads it, with exit code 3
    ),
]
DatasetOption = Annotated[
    Path | None,
    typer.Option("--dataset", help="Folder that 'polcoop compile' wrote.  [default: build/dataset]"),
]
HostOption = Annotated[str | None, typer.Option("--host", help="Address to listen on.  [default: 127.0.0.1]")]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.  [default: 8000]"),
]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", help="Longest a query may take, in seconds.  [default: 30]")
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", help="Queries evaluated at the same time.  [default: 4]")
]
