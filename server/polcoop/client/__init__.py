"""A client that feels like Python: the packaged dataset in process, or any SPARQL endpoint, by one
interface."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from polcoop.errors import UsageError

from .connection import Connection, Stream
from .result import Row, Table

__all__ = ["Connection", "Row", "Stream", "Table", "connect", "open_dataset"]

_TIMEOUT: Final = 60.0
_MEMORY: Final = 2048


def open_dataset(
    *data: str | Path,
    timeout: float = _TIMEOUT,
    prefixes: Mapping[str, str] | None = None,
    lang: str = "en",
    memory: int = _MEMORY,
    replay: str | Path | None = None,
) -> Connection:
    """Open the packaged dataset, or RDF files and folders of your own, in process: no server is started.

    :param data: RDF files or folders; none for the packaged dataset (``POLCOOP_DATASET`` names another one).
    :param timeout: seconds that a query may take unless it says otherwise.
    :param prefixes: further prefixes that queries may use undeclared.
    :param lang: language of labels.
    :param memory: MiB that one query may use.
    :param replay: lockfile that ``polcoop query --record`` wrote: SERVICE is answered from it,
        and nobody is asked.
    :raises SourceError: there is no dataset, or a file cannot be read or parsed.
    :raises UsageError: this system has no worker processes (Windows outside WSL).
    """
    from .transport import LocalTransport  # noqa: PLC0415 - not wanted by connect()

    directory = tempfile.TemporaryDirectory(prefix="polcoop-", ignore_cleanup_errors=True) if data else None
    store, name = _loaded(data, Path(directory.name)) if directory else _packaged()
    transport = LocalTransport(store, name, memory << 20, Path(replay) if replay else None)
    if directory:
        weakref.finalize(transport, directory.cleanup)
    return Connection(transport, timeout=timeout, prefixes=prefixes, lang=lang, ours=True)


def _packaged() -> tuple[Path, str]:
    """The store of the packaged dataset, and its name."""
    from polcoop.sources.dataset import Manifest  # noqa: PLC0415 - not wanted by connect()

    from .packaged import packaged_dataset  # noqa: PLC0415

    folder = packaged_dataset()
    return folder / "store", f"dataset {Manifest.load(folder).version[:12]}"


def _loaded(data: tuple[str | Path, ...], directory: Path) -> tuple[Path, str]:
    """A new store with the data of files and folders, and its name."""
    from polcoop.sources.dataset import load  # noqa: PLC0415 - not wanted by connect()

    load(map(Path, data), directory / "store")
    return directory / "store", ", ".join(map(str, data))


def connect(  # noqa: PLR0913 - all but the address are keywords
    url: str,
    *,
    timeout: float = _TIMEOUT,
    prefixes: Mapping[str, str] | None = None,
    lang: str = "en",
    method: str = "auto",
    headers: Mapping[str, str] | None = None,
) -> Connection:
    """Return a connection to a SPARQL endpoint; nothing is sent before the first query.

    :param url: address of the endpoint, such as ``http://127.0.0.1:8000/sparql``.
    :param timeout: seconds that a complete answer may take unless a query says otherwise.
    :param prefixes: further prefixes that queries may use undeclared.
    :param lang: language of labels.
    :param method: ``GET``, ``POST`` (as a form), or ``auto``: GET for short queries, whose answers can be
        cached.
    :param headers: further request headers, an Authorization or a User-Agent for instance.
    :raises UsageError: ``url`` is no HTTP address.
    """
    try:
        from .remote import RemoteTransport  # noqa: PLC0415 - not wanted by open_dataset()
    except ModuleNotFoundError as error:
        raise UsageError(f"connecting needs the library {error.name}") from error
    transport = RemoteTransport(url, method, dict(headers or {}))
    return Connection(transport, timeout=timeout, prefixes=prefixes, lang=lang)
