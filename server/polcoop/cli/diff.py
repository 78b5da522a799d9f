"""polcoop diff: what a change does to the data."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.options import RootOption
from polcoop.cli.verdict import verdict

if TYPE_CHECKING:
    from polcoop.cli.difference import Difference
    from polcoop.quality.report import ValidationResult
    from polcoop.sources.states import State
    from polcoop.sparql.answers import Answer


class Format(Enum):
    """How a difference is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("diff")(diff)


def diff(
    revision: Annotated[str, typer.Argument(metavar="REV", help="Revision to compare with.")],
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="REV",
            help="Revision that is compared; by default the working tree.",
            show_default=False,
        ),
    ] = None,
    format_name: Annotated[
        Format, typer.Option("--format", "-f", help="For people, for a pull request, for programs.")
    ] = Format.TEXT,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds that one example query may take.")
    ] = 30,
    root: RootOption = Path(),
) -> None:
    """Say what a change does to the data: triples, entities, claims, answers of the example queries, results
    of the shapes.

    Both states are compiled in memory, each with its own rules, queries and shapes.  Exit code 1 when a
    violation is new.
    """
    from polcoop.cli import difference as written
    from polcoop.cli.progress import progress
    from polcoop.sources.revisions import checked_out, resolve

    before = resolve(root, revision)
    after = resolve(root, other) if other is not None else None
    with progress("comparing") as report, checked_out(root, before) as old:
        if after is None:
            found = _compare((str(before), old), ("working tree", root), timeout, report)
        else:
            with checked_out(root, after) as new:
                found = _compare((str(before), old), (str(after), new), timeout, report)
    writers = {
        Format.TEXT: written.as_text, Format.MARKDOWN: written.as_markdown, Format.JSON: written.as_json
    }  # fmt: skip
    with verdict(1 if found.worse else 0):
        typer.echo(writers[format_name](found), nl=False)


def _compare(
    before: tuple[str, Path], after: tuple[str, Path], seconds: float, report: Callable[[str], None]
) -> Difference:
    from polcoop.cli.difference import Difference
    from polcoop.quality.regressions import fresh
    from polcoop.sources.changes import graph_changes, node_changes
    from polcoop.sources.states import State
    from polcoop.sparql.answers import answer_changes

    report(f"compiling {before[0]}")
    old = State.of(*before)
    report(f"compiling {after[0]}")
    new = State.of(*after)
    if old.like(new):
        return Difference(old.name, new.name, queries=len(new.queries))
    report("asking the example queries")
    answers = answer_changes(*(_answers(state, seconds) for state in (old, new)))
    judged = []
    for state in (old, new):
        report(f"validating {state.name}")
        judged.append(_results(state))
    report("comparing")
    return Difference(
        before=old.name,
        after=new.name,
        graphs=graph_changes(old.quads, new.quads),
        nodes=node_changes(old.quads, new.quads),
        answers=answers,
        new=fresh(judged[1], judged[0]),
        gone=fresh(judged[0], judged[1]),
        queries=len(old.queries.keys() | new.queries.keys()),
        remarks=[
            f"{state.name} has no shapes: nothing was validated there"
            for state in (old, new)
            if not state.shapes
        ],
    )


def _answers(state: State, seconds: float) -> dict[str, Answer]:
    from polcoop.sparql.answers import answers

    if not state.queries:
        return {}
    with state.stored() as store:
        return asyncio.run(answers(store, state.queries, seconds=seconds, memory=2 << 30))


def _results(state: State) -> list[ValidationResult]:
    """What ``polcoop validate`` finds, with files named from the project's folder."""
    from polcoop.quality.judging import judged, rules
    from polcoop.quality.material import of_project
    from polcoop.sources.project import Project

    if not state.shapes:
        return []
    report = judged(of_project(Project(state.root)), rules(state.root, note=True))
    return [_placed(result, state.root) for result in report.results]


def _placed(result: ValidationResult, root: Path) -> ValidationResult:
    if result.location is None:
        return result
    source = Path(os.path.relpath(result.location.source, root)).as_posix()
    return replace(result, location=replace(result.location, source=source))
