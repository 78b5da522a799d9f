"""An endpoint over a few triples of its own, so that the protocol is tested apart from the project's data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from serving import Server, serving

DATA = """
@prefix ex: <http://example.org/> .
ex:one { ex:a ex:p "1" ; ex:name "Zoé"@fr . }
ex:two { ex:b ex:p "2" . ex:c ex:p "tab\\there, \\"quoted\\"\\nand a second line" . }
"""
MORE = """
@prefix ex: <http://example.org/> .
ex:d ex:p 3 .
"""


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one TriG and one Turtle file."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "graphs.trig").write_text(DATA, encoding="utf-8")
    (folder / "more.ttl").write_text(MORE, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def endpoint(small_data: Path) -> Iterator[Server]:
    """A running server over ``small_data``."""
    with serving("--data", small_data, "--workers", "3", POLCOOP_MEMORY="1024") as running:
        yield running


@pytest.fixture(scope="session")
def client(endpoint: Server) -> Iterator[httpx2.Client]:
    """An HTTP client whose base address is the running server."""
    with httpx2.Client(base_url=endpoint.url, timeout=60, trust_env=False) as http:
        yield http
