"""The engine that makes tables: its process has a memory limit, and ends with its query."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyarrow as pa
import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from polcoop.errors import EngineFailure, Overloaded, QueryTimeout
from polcoop.formats import ARROW, CSV
from polcoop.sparql.columnar import ColumnarEngine
from polcoop.sparql.engine import Dataset, Limits
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.query import Query
from processes import children

PAIRS = Query.parse("SELECT ?text ?other { ?a ?b ?text . ?c ?d ?other }")
ONE = Query.parse("SELECT ?text { ?a ?b ?text } LIMIT 1")
MEMORY = 1 << 29


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 300 texts of 20 kB: all pairs of them are 3.6 GB."""
    path = tmp_path_factory.mktemp("columnar") / "store"
    made = Store(str(path))
    for number in range(300):
        made.add(Quad(NamedNode(f"a:{number}"), NamedNode("a:p"), Literal(f"{number} {'long' * 5000}")))
    made.flush()
    return path


async def ask(engine: ColumnarEngine, query: Query, seconds: float = 120) -> bytes:
    result = await engine.query(query, ARROW, Limits(seconds))
    return b"".join([chunk async for chunk in result.chunks()])


def test_memory_is_bounded_and_nothing_else_is_lost(store: Path) -> None:
    async def test() -> None:
        async with LocalEngine(Dataset(store), Capacity(workers=1, memory=MEMORY)) as local:
            engine = ColumnarEngine(local, memory=MEMORY)
            with pytest.raises(EngineFailure, match="memory"):
                await ask(engine, PAIRS)
            assert pa.ipc.open_stream(await ask(engine, ONE)).read_all().num_rows == 1

    before = children()
    asyncio.run(test())
    assert children() <= before


def test_deadlines_turns_and_results_given_up(store: Path) -> None:
    async def test() -> None:
        async with LocalEngine(Dataset(store), Capacity(workers=2, memory=MEMORY)) as local:
            engine = ColumnarEngine(local, memory=MEMORY, processes=1)
            with pytest.raises(QueryTimeout):
                await ask(engine, PAIRS, seconds=0.5)
            held = await engine.query(ONE, ARROW, Limits(120))
            with pytest.raises(Overloaded):
                await ask(engine, ONE, seconds=0.5)
            await held.aclose()
            await held.aclose()
            assert await ask(engine, ONE)
            other = await engine.query(ONE, CSV, Limits(120))
            assert b"".join([chunk async for chunk in other.chunks()]).startswith(b"text\r\n")

    before = children()
    asyncio.run(test())
    assert children() <= before
