"""The index of the compiled project, read by a real engine, and a client of a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from polcoop.reconcile.index import Index
from polcoop.reconcile.reading import read_index
from polcoop.sparql.local import Capacity, LocalEngine


@pytest.fixture(scope="session")
def index(dataset: Path) -> Index:
    """The index of the project's data."""

    async def build() -> Index:
        async with LocalEngine(dataset.resolve() / "store", Capacity(workers=1)) as engine:
            return await read_index(engine)

    return asyncio.run(build())


@pytest.fixture(scope="session")
def http(server: str) -> Iterator[httpx2.Client]:
    """A client whose base address is the running server."""
    with httpx2.Client(base_url=server, timeout=120, trust_env=False) as client:
        yield client
