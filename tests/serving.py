"""A real server for the tests: ``polcoop serve`` in a process of its own, on a free port of loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import pytest

from processes import children


@dataclass(frozen=True)
class Server:
    """A running server: its address, without a slash at the end, and its process."""

    url: str
    process: subprocess.Popen[str]

    @property
    def sparql(self) -> str:
        """Address of the endpoint."""
        return f"{self.url}/sparql"

    @property
    def workers(self) -> set[int]:
        """Process ids of its worker processes."""
        return children(self.process.pid)


@contextmanager
def serving(*arguments: str | Path, **environment: str) -> Iterator[Server]:
    """Run ``polcoop serve`` with these arguments; end it as an operator would, and see that it ends well."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("POLCOOP_")}
    command = [sys.executable, "-m", "polcoop", "serve", "--port", "0", *map(str, arguments)]
    with (
        # What one server was told by others is nothing to the next.
        tempfile.TemporaryDirectory() as cache,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env=bare | {"POLCOOP_FEDERATION_CACHE": f"{cache}/federation.sqlite"} | environment,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            lines = []
            for line in process.stdout:
                lines.append(line)
                if found := re.search(r"endpoint +(http://\S+)/sparql", line):
                    yield Server(found[1], process)
                    break
            else:
                pytest.fail("the server did not start: " + "".join(lines))
            workers = Server("", process).workers if process.poll() is None else set()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
            assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()], (
                "workers outlived the server"
            )
        finally:
            process.kill()


@pytest.fixture(scope="session")
def server(dataset: Path) -> Iterator[str]:
    """Address of a server over the compiled project, such as ``http://127.0.0.1:40123``."""
    with serving("--dataset", dataset.parent) as running:
        yield running.url


class Listener:
    """A server on loopback that counts who connects."""

    def __init__(self) -> None:
        self._socket = create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.visits = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody on loopback whom nobody should visit."""
    listening = Listener()
    yield listening
    listening.close()
