"""The ``polcoop`` command.

Exit codes: 0 fine, 1 the data has violations or is inconsistent, 2 wrong use, 3 input that cannot be read or
parsed, 130 interrupted.  Commands raise; ``main`` is the only place that turns an exception into a line and a
code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from polcoop import __version__
from polcoop.cli import check, citing, config, coverage, data, diff, export, links, note, query, validation
from polcoop.cli.extras import extra_of
from polcoop.errors import MissingExtra, PolcoopError, SourceError, UsageError

TRACEBACK = "POLCOOP_TRACEBACK"
"""Environment variable that shows the traceback of a fault of the program."""

# Typer has Click's errors from Click or, in newer versions, from a copy of its own: this is in both.
_WrongUse: Final = cast("type[Exception]", typer.BadParameter.__mro__[1])


class _Commands(TyperGroup):
    """The group of commands; tells wrong use as every other error is told, and knows that a reader who leaves
    early (head, a pager) is no error."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # Without any argument it is the help that is raised.
        with _telling_wrong_use() if args else nullcontext():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> object:
        code = 0
        try:
            try:
                with _telling_wrong_use():
                    result = super().invoke(ctx)
            except typer.Exit as leaving:
                code = leaving.exit_code
                sys.stdout.flush()
                raise
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_output()
            raise typer.Exit(code) from None
        return result


@contextmanager
def _telling_wrong_use() -> Iterator[None]:
    try:
        yield
    except _WrongUse as error:
        wrong = cast("typer.BadParameter", error)
        said = wrong.format_message().rstrip(".")
        command = wrong.ctx.command_path if wrong.ctx else "polcoop"
        raise UsageError(said[:1].lower() + said[1:], hint=f"{command} --help") from error


app = typer.Typer(
    name="polcoop",
    help="Compile, check, query and serve the knowledge graph of police and judicial cooperation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"polcoop {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Options that stand before any command."""


for _commands in (data, note, query, citing, config, validation, check, coverage, diff, export, links):
    _commands.register(app)


def main() -> None:
    """Run the command line and exit with its code; an error is one clear line on stderr, never a
    traceback."""
    try:
        app()
    except PolcoopError as error:
        _tell(str(error), error.hint)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if (extra := extra_of(error.name or "")) is None:
            raise
        missing = MissingExtra(f"this command (by the library {error.name})", extra)
        _tell(str(missing), missing.hint)
        sys.exit(missing.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        # What no command could foresee: standard output or the temporary folder is full.
        _forget_output()
        where = f"{error.filename}: " if error.filename else ""
        _tell(f"{where}{error.strerror or error}")
        sys.exit(SourceError.exit_code)
    except Exception as error:  # the one place: Python's own exit code, 1, would be a verdict on the data
        if TRACEBACK in os.environ:
            raise
        _tell(
            f"a fault of this program, {type(error).__name__}: {error}",
            f"please report it; with {TRACEBACK}=1 in the environment the program says where it happened",
        )
        sys.exit(SourceError.exit_code)


def _tell(message: str, hint: str | None = None) -> None:
    for line in message.splitlines() or [""]:
        # A binary file must not reach the terminal through the message that quotes it.
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
        typer.echo(f"polcoop: error: {shown}", err=True)
    if hint:
        typer.echo(f"  hint: {hint}", err=True)


def _forget_output() -> None:
    """Send nowhere what is still to be printed: Python would complain once more when it flushes it at its
    end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
