"""The child program that holds the store and evaluates one query at a time: pyoxigraph, the standard library,
and what needs no more: formats and the digest of results.

``python -m polcoop.sparql.worker STORE MEMORY`` opens the store in the folder STORE read-only.  A query may
take MEMORY bytes of address space beyond what the process has once the store is open.  It reads requests and
writes frames on its standard input, a socket, until the other end is closed.  It evaluates on a single
thread, since result iterators belong to their thread, and has nothing to lose: the parent kills it when it
likes.

Requests are answered in order.  One is 4 bytes of length (big-endian), then JSON with ``text``, ``base`` (the
IRI that relative ones are resolved against), ``format``, ``default_graphs``, ``named_graphs``,
``has_dataset``, ``seconds``, ``bytes`` (of the result at most, or null) and ``digest`` (null, or ``ordered``:
whether the rows have an order).  Answer, frames of 1 byte of kind, 4 bytes of length and a payload:
``R`` ready (once, at the start) · ``I`` digest of the whole result that follows · ``W`` the whole result ·
``D`` data, when there is too much for one frame · ``E`` end of the data · ``X`` error (JSON: ``kind`` and
``message``), in place of all that would have followed.  A length of 0 and another number N withdraw those of
the last N requests that are not begun; ``C`` says that they are gone.  An answer that does not end in ``W``,
``E`` or ``X`` means that this process died.
"""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    Store,
    serialize,
)

from polcoop.formats import NOT_XML
from polcoop.sparql.confinement import (
    bound_memory,
    enlarge_stack,
    forbid_descriptors,
    volunteer,
    yield_to_parent,
)
from polcoop.sparql.digest import GRAPHS, IDENTIFIABLE, RESULTS, result_digest

FRAME: Final = struct.Struct(">cI")
LENGTH: Final = struct.Struct(">I")
CHUNK: Final = 65_536
IDENTIFIED: Final = 1 << 22
"""Bytes of a result up to which its digest is made where it is asked for: until then nothing is sent."""
LONGEST_MESSAGE: Final = 4000
GRACE: Final = 2.0
"""Seconds after the deadline at which the kernel ends a worker whose parent did not."""

_RESULTS: Final = {**RESULTS, "csv": QueryResultsFormat.CSV}


class UnwritableError(ValueError):
    """The result holds something that the requested format cannot carry."""


class OversizedError(ValueError):
    """The result has more bytes than it may have."""


_OVERLAP: Final = 16


class Answer:
    """The binary file that a serialiser writes to; sends frames once it holds as much as it may."""

    def __init__(self, send: Callable[[bytes], None], request: dict[str, Any]) -> None:
        limit, self._format = request["bytes"], request["format"]
        self._send = send
        self._xml = self._format in {"xml", "rdfxml"}
        self._digest = request.get("digest") if self._format in IDENTIFIABLE else None
        self._held = IDENTIFIED if self._digest else CHUNK
        self._left = sys.maxsize if limit is None else limit
        self._buffer = bytearray()
        self._tail = b""
        self._started = False

    def write(self, data: bytes) -> int:
        """Take what the serialiser has; called by pyoxigraph."""
        self._left -= len(data)
        if self._left < 0:
            raise OversizedError
        self._buffer += data
        if len(self._buffer) >= self._held:
            self._send_data(len(self._buffer) // CHUNK * CHUNK)
        return len(data)

    def flush(self) -> None:
        """Do nothing: frames go out when they are full or at the end; called by pyoxigraph."""

    def end(self) -> None:
        """Send what is left and the end."""
        if not self._started:
            self._check(self._buffer)
            whole, self._tail = bytes(self._buffer), b""
            digest = self._digest and result_digest(whole, self._format, **self._digest)
            head = frame(b"I", digest.encode()) if digest else b""
            if len(whole) <= CHUNK:
                self._send(head + frame(b"W", whole))
                return
            self._send(head)
        self._send_data(len(self._buffer))
        self._send(frame(b"E", b""))

    def _send_data(self, length: int) -> None:
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._check(data)
        # In pieces, however much the serialiser writes at once: the parent holds a few frames at a time.
        for start in range(0, length, CHUNK):
            self._send(frame(b"D", data[start : start + CHUNK]))
        self._started, self._held = True, CHUNK

    def _check(self, data: bytes | bytearray) -> None:
        if self._xml:
            if NOT_XML.search(self._tail + data):
                raise UnwritableError(
                    "the result holds characters or predicates that XML cannot carry; ask for another format"
                )
            self._tail = bytes(data[-_OVERLAP:])


def frame(kind: bytes, payload: bytes) -> bytes:
    """Return one frame."""
    return FRAME.pack(kind, len(payload)) + payload


def encode(value: dict[str, Any]) -> bytes:
    """Return ``value`` as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()


def error_frame(kind: str, error: BaseException) -> bytes:
    """Return the frame that reports ``error``."""
    return frame(b"X", encode({"kind": kind, "message": str(error)[:LONGEST_MESSAGE]}))


def answer(store: Store, request: dict[str, Any], send: Callable[[bytes], None]) -> None:
    """Evaluate one request and send its answer, or the error in its place."""
    name = request["format"]
    try:
        results = evaluate(store, request)
        sink = Answer(send, request)
        # The stubs ask for a whole binary file where write and flush are all that is called.
        if isinstance(results, QueryTriples) and request.get("prefixes"):
            # The results' own method takes no prefixes; this way each triple passes through Python.
            serialize(results, cast("BinaryIO", sink), GRAPHS[name], prefixes=request["prefixes"])
        elif isinstance(results, QueryTriples):
            results.serialize(cast("BinaryIO", sink), GRAPHS[name])
        else:
            results.serialize(cast("BinaryIO", sink), _RESULTS[name])
        sink.end()
    except SyntaxError as error:
        send(error_frame("syntax", error))
    except UnwritableError as error:
        send(error_frame("unwritable", error))
    except OversizedError as error:
        send(error_frame("oversized", error))
    except ConnectionError:
        raise
    except (ValueError, RuntimeError, KeyError) as error:
        # Unknown function, malformed graph IRI: the query's fault.
        send(error_frame("query", error))
    except OSError as error:
        # Triple terms in JSON-LD.
        send(error_frame("unwritable" if "does not support" in str(error) else "store", error))


def evaluate(store: Store, request: dict[str, Any]) -> QuerySolutions | QueryBoolean | QueryTriples:
    """Run the query over the dataset that the request, else the text, else the union of all graphs gives
    it."""
    default, named = request["default_graphs"], request["named_graphs"]
    if default is not None or named is not None:
        return store.query(
            request["text"],
            base_iri=request.get("base"),
            default_graph=[NamedNode(iri) for iri in default or ()],
            named_graphs=[NamedNode(iri) for iri in named or ()],
        )
    # The union would override FROM in the text.
    union = not request["has_dataset"]
    return store.query(request["text"], base_iri=request.get("base"), use_default_graph_as_union=union)


class Inbox:
    """Requests that have arrived."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._received = bytearray()
        self._requests: deque[bytes] = deque()

    def next(self) -> bytes | None:
        """Wait for the next request; None when the parent has closed its end.

        What was withdrawn in the meantime is dropped.
        """
        while True:
            if not self._take(wait=not self._requests):
                return None
            if self._requests:
                return self._requests.popleft()

    def _take(self, *, wait: bool) -> bool:
        """Take what is there; return whether more may come."""
        try:
            data = self._parent.recv(CHUNK, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        self._received += data
        start, received = 0, self._received
        while len(received) - start >= LENGTH.size:
            end = start + LENGTH.size + LENGTH.unpack_from(received, start)[0]
            if len(received) < end:
                break
            if end - start == LENGTH.size:
                end += LENGTH.size
                if len(received) < end:
                    break
                self._withdraw(LENGTH.unpack_from(received, end - LENGTH.size)[0])
            else:
                self._requests.append(bytes(received[start + LENGTH.size : end]))
            start = end
        del received[:start]
        return bool(data)

    def _withdraw(self, count: int) -> None:
        for _ in range(min(count, len(self._requests))):
            self._requests.pop()
        self._parent.sendall(frame(b"C", b""))


def serve(store: Store, parent: socket.socket) -> None:
    """Answer requests until the parent closes its end."""
    inbox = Inbox(parent)
    while (message := inbox.next()) is not None:
        request = json.loads(message)
        # Native code sees no Python signal; the default action of SIGALRM ends the process whatever it is
        # doing.
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + GRACE)
        answer(store, request, parent.sendall)
        signal.setitimer(signal.ITIMER_REAL, 0)


def main(folder: Path, memory: int) -> int:
    """Open the store, say ready, serve; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = socket.socket(fileno=0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    enlarge_stack()
    volunteer()
    yield_to_parent()
    try:
        store = Store.read_only(str(folder))
    except (OSError, ValueError, RuntimeError) as error:
        parent.sendall(error_frame("store", error))
        return 3
    bound_memory(memory)
    forbid_descriptors(folder)
    parent.sendall(frame(b"R", b""))
    with contextlib.suppress(ConnectionError):
        serve(store, parent)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
