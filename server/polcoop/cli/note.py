"""Commands that read the text of the note: anchor, evidence."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.options import DATASET, NoteOption, RootOption
from polcoop.errors import ParseError, PolcoopError, SourceError, UsageError
from polcoop.iris import expand

if TYPE_CHECKING:
    from polcoop.sources.note import Note, Passage


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("anchor")(anchor)
    app.command("evidence")(evidence)


def anchor(
    page: Annotated[int | None, typer.Argument(help="Printed page number.")] = None,
    words: Annotated[str | None, typer.Argument(help="First words of the passage, or all of them.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="Words that close the passage.")] = None,
    nth: Annotated[
        int | None, typer.Option("--nth", help="Which match to take when there are several, from 1.")
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            help="Many at once: lines of page, first words, closing words, nth (tab-separated); - for stdin.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the passage too, on stderr.")] = False,
    note: NoteOption = None,
    root: RootOption = Path(),
) -> None:
    """Print the text-position selector of a passage of the note, as Turtle ready to paste.

    White space, line breaks, words cut at a line's end, quotes and dashes match tolerantly.
    With --batch each line of the file gives one line of output, in order; a line that fails gives a comment.
    """
    if batch is not None:
        if page is not None:
            raise UsageError("--batch takes the place of PAGE and WORDS")
        _anchor_batch(open_note(note, root), batch, show=show)
        return
    if page is None or words is None:
        raise UsageError(
            "PAGE and WORDS are needed", hint='for example: polcoop anchor 14 "La France" --end "2005"'
        )
    _print_selector(open_note(note, root).find(page, words, end=end, nth=nth), show=show)


def _anchor_batch(note: Note, file: Path, *, show: bool) -> None:
    failed = 0
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            _print_selector(_find_row(note, line), show=show)
        except PolcoopError as error:
            failed += 1
            typer.echo(f"# {file}:{number}: {error}")
    if failed:
        raise UsageError(f"{failed} passages of {file} were not found; see the lines that begin with #")


def _lines(file: Path) -> list[str]:
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")).splitlines()
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ParseError("not UTF-8 text", source=str(file)) from error


def _find_row(note: Note, line: str) -> Passage:
    page, words, end, nth, *more = [cell.strip() for cell in line.split("\t")] + [""] * max(
        0, 3 - line.count("\t")
    )
    if more or not page.isdecimal() or not (nth or "1").isdecimal():
        raise UsageError(
            "a line is: page, first words, closing words (optional), nth (optional), separated by tabs"
        )
    return note.find(int(page), words, end=end or None, nth=int(nth) if nth else None)


def _print_selector(passage: Passage, *, show: bool) -> None:
    typer.echo(
        f"polcoop:passage [ a oa:TextPositionSelector ; polcoop:onPage {passage.page} ; "
        f"oa:start {passage.start} ; oa:end {passage.end} ]"
    )
    if show:
        typer.echo(f"line {passage.line}: {passage.text}", err=True)


def open_note(path: Path | None, root: Path) -> Note:
    """Return the text of the note from ``path`` or, without it, from its usual place beside the project.

    :raises SourceError: there is no such file, or it is not such a text.
    """
    from polcoop.sources.note import Note

    path = path or root / ".." / "shared" / "note" / "note-135-paginated.txt"
    if not path.is_file():
        raise SourceError(
            f"the text of the note is not at hand: no file {path}",
            hint="give it with --note FILE or POLCOOP_NOTE",
        )
    return Note(path)


def evidence(
    claim: Annotated[str, typer.Argument(help="A claim: p14-08, claim:p14-08 or its IRI.")],
    lang: Annotated[str, typer.Option("--lang", help="Language of statement and labels: en or fr.")] = "en",
    note: NoteOption = None,
    root: RootOption = Path(),
) -> None:
    """Print a claim: what it says and establishes, on which page and sources, and the passage if the text is
    at hand."""
    from polcoop.cli.progress import progress
    from polcoop.sources.evidence import describe, open_project
    from polcoop.sources.project import Project

    if lang not in {"en", "fr"}:
        raise UsageError(f"--lang is en or fr, not '{lang}'")
    iri = expand(claim if ":" in claim else f"claim:{claim}")
    with progress("reading the project"):
        found = describe(open_project(Project(root), root / DATASET), iri, lang)
    typer.echo("\n".join(found.lines()))
    try:
        text: Note | None = open_note(note, root)
    except SourceError as error:
        if note is not None:
            raise
        text, missing = None, error
    for page, start, end in found.passages:
        typer.echo(f"passage     page {page}, {start}-{end}")
        if text is not None:
            typer.echo(indent(text.cut(page, start, end).text, "    "))
    if text is None:
        typer.echo(f"polcoop: {missing}; only the offsets are printed (hint: {missing.hint})", err=True)
