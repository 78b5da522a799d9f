"""Query results as a table for people: drawn on a terminal, plain columns in a pipe."""

from __future__ import annotations

import sys

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from polcoop.solutions import Solutions
from polcoop.sparql.answers import words


def show(result: Solutions | bool) -> None:
    """Print a result on standard output."""
    if isinstance(result, bool):
        typer.echo("true" if result else "false")
    elif sys.stdout.isatty():
        _draw(result)
    else:
        _print(result)


def _cells(result: Solutions) -> list[list[str]]:
    return [[words(term) for term in row] for row in result.rows]


def _draw(result: Solutions) -> None:
    table = Table(*(Column(escape(name)) for name in result.variables))
    for row in _cells(result):
        # Text, so that a literal in square brackets is not taken for markup.
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    count = len(result.rows)
    table.caption = f"{count} row" if count == 1 else f"{count} rows"
    Console().print(table)


def _print(result: Solutions) -> None:
    """Print aligned columns, two spaces between them, line breaks within a value as a return sign."""
    rows = [list(result.variables)]
    rows += [[cell.replace("\r\n", "↵").replace("\n", "↵") for cell in row] for row in _cells(result)]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(result.variables))]
    for row in rows:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())
