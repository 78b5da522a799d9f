"""Where the reports of a validation go: standard output, and files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from polcoop.errors import UsageError

if TYPE_CHECKING:
    from polcoop.quality.writers.presentation import Presentation

FORMATS: Final = ("text", "table", "turtle", "jsonld", "json", "sarif", "junit", "github", "markdown")


def destinations(formats: list[str], output: Path | None) -> list[tuple[str, Path | None]]:
    """Which formats go where; None stands for standard output."""
    pairs: list[tuple[str, Path | None]] = []
    for text in formats:
        name, equals, file = text.partition("=")
        if name not in FORMATS:
            raise UsageError(f"unknown format '{name}'", hint=f"formats: {', '.join(FORMATS)}")
        if equals and not file:
            raise UsageError(f"no file after '{text}'")
        pairs.append((name, Path(file) if file else output))
    if sum(file == output for _, file in pairs) > 1 and output is None:
        raise UsageError("two formats cannot share standard output", hint="--format NAME=FILE")
    files = [file.resolve() for _, file in pairs if file]
    if len(set(files)) < len(files):
        raise UsageError("two formats cannot share one file", hint="--format NAME=FILE")
    if output is not None and output not in [file for _, file in pairs]:
        raise UsageError("--output is for a format without a file of its own, and there is none")
    return pairs


def spare(files: Iterable[Path], outputs: list[tuple[str, Path | None]]) -> None:
    """Refuse to write a report over what is read: data, shapes, the baseline."""
    read = {file.resolve() for file in files}
    for _, file in outputs:
        if file is not None and file.resolve() in read:
            raise UsageError(f"{file} is read here: a report would overwrite it")


def write(shown: Presentation, outputs: list[tuple[str, Path | None]]) -> None:
    from polcoop.quality.wording import summary
    from polcoop.quality.writers import WRITERS

    # Standard output last: who reads it may leave early.
    for name, file in sorted(outputs, key=lambda output: output[1] is None):
        content = WRITERS[name](shown)
        if file is None:
            typer.echo(content, nl=False)
            continue
        try:
            # "/dev/stdout" and pipes are written to, not replaced.
            file.write_text(content, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    if all(file is not None for _, file in outputs):
        typer.echo(summary(shown.report))
