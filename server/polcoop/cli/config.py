"""The command that shows the settings of the server, and where each comes from."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polcoop.cli.options import DatasetOption, HostOption, PortOption, TimeoutOption, WorkersOption
from polcoop.cli.query import settings_of
from polcoop.errors import UsageError

if TYPE_CHECKING:
    from polcoop.settings import Settings

PREFIX = "POLCOOP_"
OTHERS = {
    "POLCOOP_KEEP": "Dataset versions that `compile` keeps.",
    "POLCOOP_NOTE": "Text of the note, for `anchor`, `coverage` and `evidence`.",
    "POLCOOP_TRACEBACK": "If set, a fault of the program is told with its traceback.",
}
"""Variables that are no settings of the server."""


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("config")(config)


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting: its name and variable, the value in force and the default, where the value comes from, and
    what it is."""

    name: str
    environment: str
    value: Any
    default: Any
    source: str
    description: str


def config(
    format_name: Annotated[
        str, typer.Option("--format", "-f", help="table, json, or markdown (the table of the documentation).")
    ] = "table",
    host: HostOption = None,
    port: PortOption = None,
    dataset: DatasetOption = None,
    timeout: TimeoutOption = None,
    workers: WorkersOption = None,
) -> None:
    """Show every setting of the server: its value, and whether that is the default or comes from the
    environment or from an option of `serve`, all of which may be given here too."""
    given = {"host": host, "port": port, "dataset": dataset, "timeout": timeout, "workers": workers}
    shown = list(
        settings_shown(settings_of(**given), {name for name, value in given.items() if value is not None})
    )
    if format_name == "json":
        columns = Shown.__slots__
        typer.echo(
            json.dumps(
                [{name: getattr(each, name) for name in columns} for each in shown], indent=2, default=str
            )
        )
    elif format_name == "markdown":
        typer.echo(markdown(shown))
    elif format_name == "table":
        _show(shown)
    else:
        raise UsageError(f"--format is table, json or markdown, not '{format_name}'")
    for warning in unknown_variables():
        typer.echo(f"polcoop: {warning}", err=True)


def settings_shown(settings: Settings, options: set[str]) -> Iterator[Shown]:
    """Yield all settings; ``options`` names those that options gave."""
    variables = {name.upper() for name in os.environ}
    for name, field in type(settings).model_fields.items():
        variable = PREFIX + name.upper()
        source = "option" if name in options else "environment" if variable in variables else "default"
        words = field.description or ""
        yield Shown(name, variable, getattr(settings, name), field.default, source, words)


def markdown(shown: list[Shown]) -> str:
    """The table of the documentation: variable, default, what it is."""
    rows = [f"| `{each.environment}` | {_code(_text(each.default))} | {each.description} |" for each in shown]
    return "\n".join(["| variable | default | what |", "|---|---|---|", *rows])


def unknown_variables() -> list[str]:
    """What is wrong with the environment: variables that look like ours and are not."""
    from polcoop.settings import Settings

    known = {PREFIX + name.upper() for name in Settings.model_fields} | set(OTHERS)
    warnings = []
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, 1)
            hint = f"; is {near[0]} meant?" if near else ""
            warnings.append(f"the environment variable {name} is no setting{hint}")
    return warnings


def _show(shown: list[Shown]) -> None:
    from polcoop.cli.table import show
    from polcoop.solutions import Literal, Solutions

    columns = ("environment", "value", "source", "description")
    rows = tuple(tuple(Literal(_text(getattr(each, name))) for name in columns) for each in shown)
    show(Solutions(columns, rows))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        value.as_posix()
        if isinstance(value, Path)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else "empty"
