"""The child program that judges one piece of data: ``python -m polcoop.quality.worker ARGUMENTS``.

The data is the file ``data.ttl`` (``.nt``, ``.jsonld``) in the working directory; ARGUMENTS is a JSON object
with ``suffix``, ``writer``, ``profile``, ``language``, ``root``, ``seconds`` and ``memory``.  Standard output
is one line of JSON, ``{"outcome": "report"}`` with the report behind it, or ``malformed`` (``detail``,
``line``, ``column``: the data is at fault) or ``refused`` (``detail``: something else is).

Nothing in here reaches the network: whatever tries, on whatever road through the libraries, is stopped where
Python opens a connection.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, Final

from polcoop.errors import ParseError, SourceError

_NETWORK: Final = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto"}
)
_LOWEST: Final = 19


class NetworkForbidden(BaseException):
    """Something tried to reach the network.  No ``except Exception`` of a library may swallow this."""


def forbid_network() -> None:
    """Let this process open no connection from now on, and resolve no name."""

    def watch(event: str, _arguments: tuple[object, ...]) -> None:
        if event in _NETWORK:
            raise NetworkForbidden(event)

    sys.addaudithook(watch)


def restrain(seconds: float, memory: int) -> None:
    """Give this process a lifetime in seconds, an address space in bytes, and way to everybody else."""
    # Native code sees no Python signal; the default action of SIGALRM ends the process whatever it is doing.
    signal.setitimer(signal.ITIMER_REAL, seconds)
    # What this process starts inherits these, and not the alarm.
    cpu = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setpriority(os.PRIO_PROCESS, 0, _LOWEST)


def report(data: Path, asked: dict[str, Any]) -> str:
    """Judge the file and write the report.

    :raises SourceError: data, shapes or the project's files cannot be read or parsed, or are refused.
    """
    # With the limits in force, and the network gone.
    from polcoop.quality.judging import judged, rules  # noqa: PLC0415
    from polcoop.quality.material import of_files  # noqa: PLC0415
    from polcoop.quality.writers import WRITERS  # noqa: PLC0415
    from polcoop.quality.writers.presentation import Presentation  # noqa: PLC0415
    from polcoop.sources.project import Project, at_hand  # noqa: PLC0415
    from polcoop.sources.revisions import FOLDERS  # noqa: PLC0415
    from polcoop.sources.turtle import read  # noqa: PLC0415

    # What is malformed is told before anything else is read.
    read(data, base=data.resolve().as_uri())
    root = at_hand(Path(asked["root"]))
    for name in FOLDERS:
        # So that a report names shapes/claims.ttl, and not where that is on this machine.
        Path(name).symlink_to(root.resolve() / name)
    project = Project(Path())
    material = of_files(project, [data])
    found = judged(material, rules(project.root, note=asked["profile"] == "note"))
    sources = {str(file.path): file.text for file in material.files if file.path == data}
    return WRITERS[asked["writer"]](Presentation(found, asked["language"], sources=sources))


def main(arguments: str) -> int:
    """Do as ARGUMENTS say; return the exit code."""
    asked = json.loads(arguments)
    # Whatever prints by mistake must not end up in the report.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    restrain(asked["seconds"], asked["memory"])
    forbid_network()
    data = Path(f"data{asked['suffix']}")
    head: dict[str, Any] = {"outcome": "report"}
    text = ""
    try:
        text = report(data, asked)
    except ParseError as error:
        ours = error.source == str(data)
        place = error.position if ours else None
        head = {
            **{"outcome": "malformed" if ours else "refused", "detail": error.detail if ours else str(error)},
            **{"line": place.line if place else None, "column": place.column if place else None},
        }
    except SourceError as error:
        head = {"outcome": "refused", "detail": str(error)}
    except NetworkForbidden:
        head = {"outcome": "refused", "detail": "the shapes would reach out to the network"}
    with output:
        output.write(json.dumps(head).encode() + b"\n" + text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
