"""Commands about the files: compile, format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polcoop.cli.options import DATASET, RootOption
from polcoop.cli.verdict import verdict
from polcoop.errors import ParseError, Position, SourceError

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Folder for the compiled dataset; by default build/dataset in the project.",
        show_default=False,
    ),
]
FORMATTED = ("ontology", "instances", "shapes", "queries", "catalogue.ttl")


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("compile")(compile_dataset)
    app.command("format")(format_files)


def compile_dataset(
    out: OutOption = None,
    root: RootOption = Path(),
    keep: Annotated[
        int,
        typer.Option(
            "--keep", envvar="POLCOOP_KEEP", min=1, max=1000, help="Versions that stay, with the new one."
        ),
    ] = 3,
) -> None:
    """Compile ontology/ and instances/ into one dataset, with what is computed and inferred from them.

    Nothing is done when nothing changed; a compile that fails leaves the old dataset as it was.  Older
    versions stay, as many as --keep says, for queries that name one.
    """
    from polcoop.cli.progress import progress
    from polcoop.sources.dataset import compile_project
    from polcoop.sources.project import Project

    with progress("compiling") as report:
        result = compile_project(Project(root), out or root / DATASET, report, keep=keep)
    total = sum(result.manifest.graphs.values())
    state = "compiled" if result.fresh else "up to date"
    typer.echo(f"{state}: {result.directory} ({total} quads in {len(result.manifest.graphs)} graphs)")


def format_files(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Turtle files or folders; by default ontology, instances, shapes, queries, catalogue.ttl.",
            show_default=False,
            readable=False,  # what cannot be read is named by whoever reads it, with exit code 3
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; print what would change, exit 1 if anything.")
    ] = False,
    root: RootOption = Path(),
) -> None:
    """Lay out Turtle files in the project's one way; order, spelling and comments stay."""
    from difflib import unified_diff

    from polcoop.cli.progress import progress
    from polcoop.sources.formatting import format_turtle
    from polcoop.sources.turtle import read_all

    def laid_out(path: Path) -> tuple[Path, str, str]:
        report(str(path))
        text = _read_text(path)
        return path, text, format_turtle(text.removeprefix("\ufeff"), str(path))

    with progress("formatting") as report:
        results = read_all(_turtle_files(paths or _present(root, FORMATTED)), laid_out)
    changed = [(path, before, after) for path, before, after in results if before != after]
    if not check:
        for path, _, after in changed:
            _replace(path, after)
    with verdict(1 if check and changed else 0):
        for path, before, after in changed:
            old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
            said = (
                unified_diff(old, new, str(path), f"{path} (formatted)") if check else [f"formatted {path}\n"]
            )
            typer.echo("".join(said), nl=False)
        typer.echo(f"{len(results)} files, {len(changed)} {'to format' if check else 'formatted'}", err=True)


def _present(root: Path, folders: tuple[str, ...]) -> list[Path]:
    present = [root / name for name in folders if (root / name).exists()]
    if not present:
        raise SourceError(
            f"none of the folders {', '.join(folders)} in {root.resolve()}",
            hint="run polcoop in the project's folder, or name it with --root or POLCOOP_ROOT",
        )
    return present


def _turtle_files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SourceError(f"no file or folder {path}")
        found += sorted(path.rglob("*.ttl")) if path.is_dir() else [path]
    if not found:
        raise SourceError(f"no Turtle file in {', '.join(map(str, paths))}")
    return found


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        place = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise ParseError("not UTF-8 text", source=str(path), position=place) from error


def _replace(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and rename it, so that no reader ever sees half a file."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(text.encode("utf-8"))
        partial.chmod(path.stat().st_mode)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SourceError(f"{path} cannot be written: {error.strerror}") from error
