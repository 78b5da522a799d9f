"""The command that judges data by SHACL shapes: validate."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.options import RootOption
from polcoop.cli.reports import FORMATS, destinations, spare, write
from polcoop.cli.verdict import verdict
from polcoop.errors import UsageError

if TYPE_CHECKING:
    from polcoop.cli.progress import Stage
    from polcoop.quality.material import Material
    from polcoop.quality.plans.change import Before
    from polcoop.quality.report import ValidationReport
    from polcoop.sources.turtle import LocatedFile


class Language(Enum):
    """Languages that the shapes speak."""

    EN = "en"
    FR = "fr"


class Profile(Enum):
    """Whose data the project's shapes are to judge."""

    NOTE = "note"
    GENERAL = "general"


class Level(Enum):
    """Severities of SHACL, by the least that fails."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="RDF files, or folders with such (what is hidden there is left out), to judge instead of the "
        "project's own data.",
        show_default=False,
    ),
]
ShapesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--shapes",
        metavar="FILE",
        help="Shapes files or folders (repeatable) to use alone: nothing of the project is mixed in, nothing "
        "is computed, the verdict is pySHACL's on just these shapes and the PATHs.",
        show_default=False,
    ),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME[=FILE]",
        help=f"How to write the report: {', '.join(FORMATS)}. Repeatable, to write several at once: one goes "
        "to standard output (or to --output), the others to their FILE, as in "
        "--format text --format sarif=report.sarif.  [default: text]",
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", metavar="FILE", help="File for the format without a FILE of its own.", show_default=False
    ),
]
ChangedOption = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="REV",
        help="Look only at what a change since this git revision can affect: at the focus nodes for which a "
        "shape reads a triple that is new, gone or computed anew. What is left out has the results that it "
        "had at REV.",
        show_default=False,
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="Known results (JSON): they are shown as known and do not fail. It may only shrink.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("validate")(validate)


def validate(
    paths: PathsArgument = None,
    shapes: ShapesOption = None,
    profile: Annotated[
        Profile | None,
        typer.Option(
            "--profile",
            help="The project's shapes for this note (pages 1-26, footnotes 1-133 ...) or those for any "
            "data.  [default: general with PATH, note without]",
            show_default=False,
        ),
    ] = None,
    formats: FormatOption = None,
    output: OutputOption = None,
    severity: Annotated[
        Level, typer.Option("--severity", help="The least severity that gives exit code 1.")
    ] = Level.VIOLATION,
    baseline: BaselineOption = None,
    update_baseline: Annotated[
        bool,
        typer.Option(
            "--update-baseline",
            help="Strike from the --baseline what is no longer found; write it if there is none yet.",
        ),
    ] = False,
    changed_since: ChangedOption = None,
    lang: Annotated[Language, typer.Option("--lang", help="Language of the messages.")] = Language.EN,
    root: RootOption = Path(),
) -> None:
    """Validate data against SHACL shapes, and say in which file, line and column each result stands.

    Without PATH, the project's instances, with all that is computed from them; with PATH, those files, on the
    background of the project's ontology, vocabularies and instances; with --shapes, those files and shapes
    and nothing else.

    Exit code 0: no result at or above --severity that the --baseline does not know; 1: there is one; 2: wrong
    use; 3: a file is missing or cannot be parsed, or the shapes are ill-formed: nothing was judged.
    """
    from polcoop.cli.progress import progress
    from polcoop.quality.judging import judged
    from polcoop.quality.report import Severity
    from polcoop.quality.writers.presentation import Presentation

    outputs = destinations(formats or ["text"], output)
    _check(paths, shapes, profile, baseline, update_baseline)
    if changed_since and update_baseline:
        raise UsageError("--update-baseline needs a whole run, --changed-since looks at a part")
    with progress("validating") as stage:
        material, chosen = _read(root, paths, shapes, profile, stage)
        read = [file.path for file in (*material.files, *chosen)]
        spare(read if baseline is None else [*read, baseline], outputs)
        before = _before(root, paths, shapes, profile, chosen, changed_since, stage)
        stage("against the shapes")
        found = judged(material, chosen, before)
    if baseline is not None:
        found = _compared(found, baseline, update_baseline, whole=before is None)
    sources = {str(file.path): file.text for file in material.files if _shown(file, found)}
    shown = Presentation(found, lang.value, Severity[severity.name], sources)
    with verdict(0 if shown.passes else 1):
        write(shown, outputs)
        if found.empty:
            typer.echo("polcoop: warning: no shape found anything to look at: nothing was checked", err=True)


def _check(
    paths: list[Path] | None,
    shapes: list[Path] | None,
    profile: Profile | None,
    baseline: Path | None,
    update: bool,
) -> None:
    if shapes and not paths:
        raise UsageError("--shapes judges files by those shapes alone: name the files", hint="PATH…")
    if shapes and profile:
        raise UsageError("--profile chooses among the project's shapes, --shapes does without them")
    if update and baseline is None:
        raise UsageError("--update-baseline needs --baseline FILE")


def _read(
    root: Path, paths: list[Path] | None, shapes: list[Path] | None, profile: Profile | None, stage: Stage
) -> tuple[Material, list[LocatedFile]]:
    """What is to be judged, and the shapes: all that is wrong with any file is told at once."""
    from polcoop.quality.judging import rules
    from polcoop.quality.material import both, located_files, of_files, of_project, of_strangers
    from polcoop.sources.project import Project, at_hand

    if shapes:
        return both(lambda: of_strangers(paths or [], stage), lambda: located_files(shapes))
    # In a folder that holds no project, files are judged by the one that came with the package.
    project = Project(at_hand(root) if paths else root)
    chosen = profile or (Profile.GENERAL if paths else Profile.NOTE)

    return both(
        lambda: of_files(project, paths, stage) if paths else of_project(project, stage),
        lambda: rules(project.root, note=chosen is Profile.NOTE),
    )


def _before(
    root: Path,
    paths: list[Path] | None,
    shapes: list[Path] | None,
    profile: Profile | None,
    chosen: list[LocatedFile],
    revision: str | None,
    stage: Stage,
) -> Before | None:
    """What --changed-since compares with; None when all is to be judged."""
    from polcoop.quality.former import Unlike, of_the_files, of_the_project, of_the_strangers
    from polcoop.sources.project import Project, at_hand

    if revision is None:
        return None
    stage(f"reading {revision}")
    note = (profile or (Profile.GENERAL if paths else Profile.NOTE)) is Profile.NOTE
    if shapes:
        found = of_the_strangers(paths or [], revision, shapes)
    elif paths:
        found = of_the_files(Project(at_hand(root)), paths, revision, chosen, note=note)
    else:
        found = of_the_project(Project(root), revision, chosen, note=note)
    if isinstance(found, Unlike):
        typer.echo(f"polcoop: everything is judged: {found.reason}", err=True)
        return None
    return found


def _compared(found: ValidationReport, file: Path, update: bool, *, whole: bool) -> ValidationReport:
    """The report with what the baseline knows marked; the baseline made or shrunk if that is wanted."""
    from polcoop.quality.baseline import apply, load, of_report, save, shrunk
    from polcoop.quality.wording import plural

    if update and not file.exists():
        known = of_report(found)
        save(file, known)
        typer.echo(f"polcoop: {file} written: {plural(len(found.results), 'known result')}", err=True)
        return apply(found, known)[0]
    known = load(file)
    found, gone = apply(found, known)
    if not whole:
        # What was left out has not been found either.
        return found
    if gone and update:
        save(file, shrunk(known, gone))
    for entry in gone:
        typer.echo(f"polcoop: no longer found: {entry}", err=True)
    if gone:
        done = "struck from" if update else "to be struck from"
        hint = "" if update else " (shrink it: --update-baseline)"
        typer.echo(f"polcoop: {plural(sum(e.count for e in gone), 'result')} {done} {file}{hint}", err=True)
    return found


def _shown(file: LocatedFile, report: ValidationReport) -> bool:
    return any(result.location and result.location.source == str(file.path) for result in report.results)
