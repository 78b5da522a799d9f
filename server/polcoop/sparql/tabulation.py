"""The child program that makes an Arrow stream or a Parquet file of a result in JSON.

``python -m polcoop.sparql.tabulation FORMAT MEMORY`` reads the result on standard input and writes on
standard output, in an address space of MEMORY bytes.  Its exit code is 0 when what it wrote is complete.
"""

from __future__ import annotations

import resource
import sys
from typing import BinaryIO, Final

import pyarrow as pa
from pyarrow import ipc, parquet

from polcoop import columns
from polcoop.formats import ARROW
from polcoop.solutions import Reader
from polcoop.values import Value, from_json

_CHUNK: Final = 1 << 18
_BATCH: Final = 65_536
"""Rows of an Arrow record batch."""


def read(source: BinaryIO) -> pa.Table:
    """Return the SELECT result in ``source`` as a table."""
    reader: Reader[Value] = Reader(from_json)
    rows: list[tuple[Value | None, ...]] = []
    while chunk := source.read(_CHUNK):
        rows += reader.feed(chunk)
    rows += reader.close()
    return columns.table(reader.variables or (), rows)


def write(table: pa.Table, name: str, sink: BinaryIO) -> None:
    """Write the table in the format of this name."""
    if name == ARROW.name:
        with ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=_BATCH)
    else:
        parquet.write_table(table, sink)


def main(name: str, memory: int) -> int:
    """Read, write, return the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    write(read(sys.stdin.buffer), name, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
