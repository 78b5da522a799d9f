"""Commands that answer queries: serve and query."""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from polcoop.cli.options import (
    DATASET,
    DataOption,
    DatasetOption,
    HostOption,
    PortOption,
    TimeoutOption,
    WorkersOption,
)
from polcoop.cli.progress import progress
from polcoop.errors import ParseError, QuerySyntaxError, SourceError, UsageError

if TYPE_CHECKING:
    from polcoop.cli.federation import Locked
    from polcoop.formats import Representation
    from polcoop.settings import Settings
    from polcoop.sparql.engine import Dataset, QueryResult
    from polcoop.sparql.query import Query


def register(app: typer.Typer) -> None:
    """Add this module's commands to ``app``."""
    app.command("serve")(serve)
    app.command("query")(query)


def serve(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Further files or folders for --data.", readable=False)
    ] = None,
    host: HostOption = None,
    port: PortOption = None,
    data: DataOption = None,
    dataset: DatasetOption = None,
    timeout: TimeoutOption = None,
    workers: WorkersOption = None,
) -> None:
    """Serve a SPARQL endpoint over the compiled dataset, or over any RDF files given with --data.

    Every option can also be set in the environment, as POLCOOP_HOST, POLCOOP_PORT and so on; `polcoop config`
    shows these and all other settings.
    """
    import uvloop

    from polcoop.cli.serving import listen, run, unwind_on_terminate
    from polcoop.sparql.archive import compiled
    from polcoop.sparql.follow import following

    settings = settings_of(host=host, port=port, dataset=dataset, timeout=timeout, workers=workers)
    unwind_on_terminate()
    files = [*(data or ()), *(paths or ())]
    settings = settings if files else located(settings)
    with listen(settings.host, settings.port) as socket, opened(files, settings) as served:
        current = settings.dataset / "current"
        follow = None if files else lambda engine: following(engine, current, compiled)
        uvloop.run(run(settings, served, socket, follow))


def query(
    file: Annotated[
        str | None,
        typer.Argument(
            help="File with a query: SPARQL, or Turtle with one example query in it; - for stdin."
        ),
    ] = None,
    expression: Annotated[str | None, typer.Option("--expression", "-e", help="The query itself.")] = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="table, csv, json, xml, tsv, arrow, parquet; turtle, ntriples, rdfxml, jsonld.  "
            "[default: table or turtle]",
        ),
    ] = None,
    data: DataOption = None,
    dataset: DatasetOption = None,
    timeout: TimeoutOption = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Tell on stderr what SERVICE asked of whom, and how long it took."),
    ] = False,
    record: Annotated[
        Path | None, typer.Option("--record", help="Lockfile to write the answers of other endpoints to.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option("--replay", help="Lockfile to read them from: nothing is asked of anybody.")
    ] = None,
    refresh: Annotated[
        Path | None, typer.Option("--refresh", help="Lockfile to record anew; tells on stderr what changed.")
    ] = None,
) -> None:
    """Answer one SPARQL query over the compiled dataset, or over any RDF files given with --data.

    SELECT and ASK are shown as a table, CONSTRUCT and DESCRIBE as Turtle, unless --format says otherwise.
    SERVICE asks other endpoints, of which POLCOOP_FEDERATION_ENDPOINTS is the list.
    """
    from polcoop.cli.federation import Locked

    lock = Locked(record, replay, refresh)
    settings = settings_of(dataset=dataset, timeout=timeout)
    name, text = query_text(file, expression)
    try:
        parsed = parsed_query(text, settings)
        representation = _representation(format_name, parsed)
        with opened(data or [], settings) as chosen, progress("answering the query"):
            asyncio.run(_answer(parsed, representation, chosen.store, settings, lock, explain=explain))
        lock.finish()
    except QuerySyntaxError as error:
        raise pointed(error, name, text) from error


def settings_of(**given: Any) -> Settings:
    """Return the settings, with what a command line gives going before the environment.

    :raises UsageError: one of them is malformed.
    """
    from pydantic import ValidationError

    from polcoop.settings import Settings

    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        place = "_".join(str(part) for part in first["loc"])
        raise UsageError(f"setting {place} (POLCOOP_{place.upper()}): {first['msg']}") from error


def located(settings: Settings) -> Settings:
    """Return the settings with a folder that holds a dataset: the one that they name, else what was compiled
    in the project at hand, else this package's data, compiled once.

    :raises SourceError: the project at hand is not compiled, or the package's data cannot be.
    """
    if "dataset" in settings.model_fields_set:
        return settings
    from polcoop.sources.packaged import packaged
    from polcoop.sources.project import shipped

    if (settings.root / DATASET / "current").is_dir():
        return settings.model_copy(update={"dataset": settings.root / DATASET})
    if (settings.root / "ontology").is_dir() and settings.root.resolve() != shipped():
        # Answers from other data than those that somebody has just edited would be believed.
        raise SourceError(
            f"the project in '{settings.root}' is not compiled",
            hint="run polcoop compile there, or name --dataset",
        )
    with progress("compiling the dataset of this package, once") as report:
        return settings.model_copy(update={"dataset": packaged(report)})


@contextmanager
def opened(data: list[Path], settings: Settings) -> Iterator[Dataset]:
    """Yield what to answer from: the compiled dataset, or ``data`` in a store that goes afterwards."""
    from polcoop.sources.dataset import load
    from polcoop.sparql.archive import compiled
    from polcoop.sparql.engine import Dataset

    if not data:
        # The link may move on while this runs; the version it names now stays.
        yield compiled((located(settings).dataset / "current").resolve())
        return
    with tempfile.TemporaryDirectory(prefix="polcoop-", ignore_cleanup_errors=True) as directory:
        store = Path(directory) / "store"
        with progress("loading"):
            count = load(data, store)
        names = ", ".join(str(path) for path in data)
        # Nothing says that these files are the same tomorrow: the version is that of this run.
        yield Dataset(store, uuid4().hex, f"{count:,} triples from {names}")


def query_text(file: str | None, expression: str | None) -> tuple[str, str]:
    """Return the name of the query's source, for messages, and its text."""
    if expression is not None:
        if file is not None:
            raise UsageError("FILE and --expression exclude each other")
        return "query", expression
    if file is None and sys.stdin.isatty():
        raise UsageError("no query", hint='polcoop query FILE, or polcoop query -e "SELECT …"')
    if file is None or file == "-":
        return "stdin", _decode(sys.stdin.buffer.read(), "stdin")
    path = Path(file)
    if path.suffix.lower() == ".ttl":
        from polcoop.sources.example import example_query

        return f"query in {file}", example_query(path)
    try:
        return file, _decode(path.read_bytes(), file)
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}") from error


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError("not UTF-8 text", source=name) from error


def parsed_query(text: str, settings: Settings) -> Query:
    """Parse a query.

    :raises QueryError: it is refused, or too large.
    """
    from polcoop.sparql.query import Query

    return Query.parse(text, settings.bounds)


def _representation(name: str | None, parsed: Query) -> Representation | None:
    """Return what to print, or None for a table."""
    from polcoop.formats import GRAPH, by_name, negotiate

    is_graph = parsed.form.formats == GRAPH
    if name is None:
        return negotiate(None, GRAPH) if is_graph else None
    if name.lower() == "table":
        if is_graph:
            raise UsageError(f"a {parsed.form.value} result is a graph, not a table", hint="--format turtle")
        return None
    return by_name(name, parsed.form.formats)


async def _answer(
    parsed: Query,
    representation: Representation | None,
    store: Path,
    settings: Settings,
    lock: Locked,
    *,
    explain: bool,
) -> None:
    from polcoop.cli.table import show
    from polcoop.formats import JSON
    from polcoop.solutions import read
    from polcoop.sparql.columnar import ColumnarEngine
    from polcoop.sparql.engine import Limits
    from polcoop.sparql.local import Capacity, LocalEngine

    chosen = representation.format if representation else JSON
    alone = Capacity(workers=1, memory=settings.memory << 20, grace=math.inf)
    async with LocalEngine(store, alone) as engine:
        columnar = ColumnarEngine(lock.engine(engine, settings), memory=settings.memory << 20)
        result = await columnar.query(parsed, chosen, Limits(settings.timeout))
        if explain:
            _explain(result)
        if representation is None:
            show(read(b"".join([chunk async for chunk in result.chunks()])))
            return
        last = b"\n"
        async for last in result.chunks():
            sys.stdout.buffer.write(last)
        if not last.endswith(b"\n") and sys.stdout.isatty():
            sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()


def _explain(result: QueryResult) -> None:
    from polcoop.sparql.federation.engine import FederatedResult

    plan = result.plan.text() if isinstance(result, FederatedResult) else "no SERVICE: answered locally"
    typer.echo(plan, err=True)


def pointed(error: QuerySyntaxError, name: str, text: str) -> ParseError:
    """Show the line at fault with a caret under the place; return the error with its source."""
    lines = text.removeprefix("\ufeff").splitlines() or [""]
    if error.position is not None and error.position.line <= len(lines):
        line = lines[error.position.line - 1].replace("\t", " ")
        # A line of a thousand columns is shown around the place.
        start = max(0, error.position.column - 60)
        typer.echo(f"  {line[start : start + 100]}", err=True)
        typer.echo(f"  {' ' * (error.position.column - 1 - start)}^", err=True)
    return ParseError(error.detail, source=name, position=error.position, hint=error.hint)
