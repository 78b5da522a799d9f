"""Endpoints on loopback to federate with, of our own make and of another; a federated engine."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server, socket

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from worlds import HERE, NOBODY, ONE, OTHER, world

from polcoop.formats import JSON
from polcoop.solutions import Solutions, read
from polcoop.sources.dataset import load
from polcoop.sparql.engine import Limits
from polcoop.sparql.federation.engine import FederatedEngine
from polcoop.sparql.federation.plan import Plan
from polcoop.sparql.federation.policy import Policy
from polcoop.sparql.federation.remote import Remote
from polcoop.sparql.federation.source import Allowance, Source
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.query import Query
from serving import serving

Answered = tuple[Solutions, Plan | None]
Ask = Callable[..., Answered]


@contextmanager
def oxigraph(data: Path, folder: Path) -> Iterator[str]:
    """Run oxigraph's own server over a Turtle file; yield the address of its endpoint."""
    program = str(Path(sys.executable).with_name("oxigraph"))
    subprocess.run([program, "load", "-l", folder, "-f", data], check=True, capture_output=True)
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "serve-read-only", "-l", str(folder), "-b", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}/query"
        finally:
            process.terminate()


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """The small world, as Turtle."""
    return world()


@pytest.fixture(scope="session")
def files(texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small world, as files."""
    folder = tmp_path_factory.mktemp("world")
    for place, text in texts.items():
        (folder / f"{place}.ttl").write_text(text, encoding="utf-8")
    return {place: folder / f"{place}.ttl" for place in texts}


@pytest.fixture(scope="session")
def addresses(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Two endpoints over the other two places: one of our make, one of another; and one that is not there."""
    with (
        serving("--data", files[ONE], "--workers", "2", POLCOOP_MEMORY="1024") as ours,
        oxigraph(files[OTHER], tmp_path_factory.mktemp("oxigraph") / "store") as theirs,
        # Bound and not listening: who calls is turned away, and nobody else can be there.
        socket() as nobody,
    ):
        nobody.bind(("127.0.0.1", 0))
        yield {
            ONE: ours.sparql,
            OTHER: theirs,
            NOBODY: f"http://127.0.0.1:{nobody.getsockname()[1]}/sparql",
        }


class Federation:
    """A federated engine over some data, kept running in an event loop of its own."""

    def __init__(self, store: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._local = LocalEngine(store, Capacity(workers=1, grace=math.inf))
        self._loop.run_until_complete(self._local.start())

    def ask(  # noqa: PLR0913
        self,
        text: str,
        source: Source,
        policy: Policy,
        allowance: Allowance | None = None,
        *,
        seconds: float = 60.0,
        batch: int | None = None,
    ) -> Answered:
        """Answer one query."""
        engine = FederatedEngine(
            self._local, source, policy, allowance or Allowance(seconds=60.0), batch=batch
        )

        async def answered() -> Answered:
            result = await engine.query(Query.parse(text), JSON, Limits(seconds))
            found = read(b"".join([chunk async for chunk in result.chunks()]))
            assert isinstance(found, Solutions)
            return found, getattr(result, "plan", None)

        return self._loop.run_until_complete(answered())

    def close(self) -> None:
        """End the workers."""
        self._loop.run_until_complete(self._local.aclose())
        self._loop.close()


@contextmanager
def federation(data: Path, folder: Path) -> Iterator[Federation]:
    """A federated engine over an RDF file."""
    load([data], folder / "store")
    engine = Federation(folder / "store")
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="session")
def here(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """The federated engine of the small world."""
    with federation(files[HERE], tmp_path_factory.mktemp("here")) as engine:
        yield engine


@pytest.fixture(scope="session")
def ask(here: Federation, addresses: dict[str, str]) -> Ask:
    """Answer a query over the small world; keywords as for :meth:`Federation.ask`."""
    policy = Policy(addresses.values(), private=True)
    remote = Remote(policy, "polcoop tests (https://example.org/)")

    def answered(text: str, **options: object) -> Answered:
        return here.ask(text, remote, policy, **options)  # type: ignore[arg-type]

    return answered
