"""Running the server: a socket, the engine, the application, and what to open."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
from socket import AF_INET, AF_INET6, IPPROTO_TCP, TCP_NODELAY, create_server, socket
from types import FrameType
from typing import cast
from urllib.parse import quote

import typer
import uvicorn

from polcoop.cli.federation import federated
from polcoop.errors import UsageError
from polcoop.settings import Settings
from polcoop.sparql.archive import Archive
from polcoop.sparql.columnar import ColumnarEngine
from polcoop.sparql.engine import Dataset
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.telemetry import Telemetry
from polcoop.web.app import create_app
from polcoop.web.connection import Connection
from polcoop.web.repeats import Repeats

_GRACE = 5
"""Seconds that answers under way get when the server is stopped."""
_KEEP_ALIVE = 30
"""Seconds for which a connection may be idle."""
_DESCRIPTORS = 8192
"""Open files that are asked for: a connection is one, a worker three."""
Follow = Callable[[LocalEngine], AbstractAsyncContextManager[None]]
_EXAMPLE = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 5"


def listen(host: str, port: int) -> socket:
    """Return a listening socket.

    :raises UsageError: the address or the port cannot be had.
    """
    try:
        listening = create_server((host, port), family=AF_INET6 if ":" in host else AF_INET, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} on {host} is in use", hint="choose another: --port 8001, or --port 0 for any"
            ) from error
        # The library adds what it was doing, in brackets.
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise UsageError(f"cannot listen on {host}, port {port}: {reason}") from error
    # asyncio sets this only on sockets that name their protocol, which those accepted here do not; without it
    # every answer waits 40 ms for the client's delayed acknowledgement.
    listening.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    return listening


def unwind_on_terminate() -> None:
    """Let SIGTERM unwind the stack while the server is not up yet, so that temporary files are removed."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)


async def run(settings: Settings, dataset: Dataset, listening: socket, follow: Follow | None) -> None:
    """Serve ``dataset``, and what comes after it if ``follow`` is given, until a signal ends it.

    :raises SourceError: the store cannot be opened.
    """
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    capacity = Capacity(
        workers=settings.workers,
        memory=settings.memory << 20,
        queue=settings.queue,
        patience=settings.patience,
        share=settings.share,
        long=settings.long,
    )
    raise_descriptors()
    telemetry = Telemetry()
    engine = LocalEngine(dataset, capacity, telemetry)
    # Whoever asks an old version can wait for others who do.
    archive = Archive(
        settings.dataset if dataset.release is not None else None,
        replace(capacity, workers=1, long=1),
        most=settings.versions,
    )

    def dataset_now() -> Dataset:
        return engine.dataset

    repeats = Repeats(dataset_now, telemetry)
    async with (
        engine,
        contextlib.aclosing(archive),
        follow(engine) if follow else contextlib.nullcontext(),
    ):
        app = create_app(
            ColumnarEngine(federated(engine, settings), memory=settings.memory << 20),
            archive,
            settings,
            dataset=dataset_now,
            telemetry=telemetry,
            repeats=repeats,
        )
        config = uvicorn.Config(
            app,
            http=_connections(settings, repeats),
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
        )
        server = _Server(config, settings.client_timeout, lambda: _announce(listening, dataset.description))
        await server.serve(sockets=[listening])


def _connections(settings: Settings, before: Repeats) -> type[Connection]:
    """The class of connections: uvicorn makes them itself, and passes nothing of ours on."""

    class Bounded(Connection):
        most = settings.connections
        repeats = before

    return Bounded


def raise_descriptors() -> None:
    """Allow as many open files as the system lets us, and no more than are of use."""
    soft, hard = getrlimit(RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != RLIM_INFINITY and soft < wanted:
        setrlimit(RLIMIT_NOFILE, (wanted, hard))


class _Server(uvicorn.Server):
    """uvicorn, which says when it is up, and ends normally when it is told to end."""

    def __init__(self, config: uvicorn.Config, patience: float, announce: Callable[[], None]) -> None:
        """Clients have ``patience`` seconds to send a request, and to read on."""
        super().__init__(config)
        self._patience, self._announce = patience, announce

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        # What is there now stays: looking through it for garbage would halt all answers for a moment, again
        # and again.
        gc.collect()
        gc.freeze()
        self._announce()

    async def on_tick(self, counter: int) -> bool:
        # Ten ticks are a second; no timer for each connection has to be set and cancelled.
        if counter % 10 == 0:
            for connection in list(self.server_state.connections):
                cast("Connection", connection).check(self._patience)
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The original raises the signal again at the end, and the process dies before it has cleaned up.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def _announce(listening: socket, source: str) -> None:
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    url = f"http://{shown}:{port}"
    typer.echo(f"Serving {source}")
    typer.echo(f"  page      {url}/")
    typer.echo(f"  endpoint  {url}/sparql")
    typer.echo(f"  try       curl '{url}/sparql?format=csv&query={quote(_EXAMPLE)}'")
    typer.echo("Ctrl-C ends it.")
    sys.stdout.flush()
