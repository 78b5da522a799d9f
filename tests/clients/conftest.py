"""Connections that the tests of the clients share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import polcoop


@pytest.fixture(scope="session")
def opened(dataset: Path) -> Iterator[polcoop.Connection]:
    """The compiled project, opened in process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLCOOP_DATASET", str(dataset.parent))
        connection = polcoop.open()
    with connection:
        yield connection


@pytest.fixture(scope="session")
def connected(server: str) -> Iterator[polcoop.Connection]:
    """The same over HTTP."""
    with polcoop.connect(f"{server}/sparql") as connection:
        yield connection


@pytest.fixture(params=["open", "connect"])
def data(request: pytest.FixtureRequest) -> polcoop.Connection:
    """Either of the two: they have the same interface and give the same answers."""
    connection: polcoop.Connection = request.getfixturevalue(f"{request.param}ed")
    return connection


@pytest.fixture(scope="session")
def bare_environment() -> dict[str, str]:
    """The environment without settings of this machine."""
    return {name: value for name, value in os.environ.items() if not name.startswith("POLCOOP_")}
