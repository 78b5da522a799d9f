"""A fault of the program itself, wherever it happens: logged, said nothing of, and readable from anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from polcoop.settings import Settings
from polcoop.sparql.archive import Archive
from polcoop.sparql.engine import Dataset
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.telemetry import Telemetry
from polcoop.web.app import create_app
from polcoop.web.headers import COMMON
from polcoop.web.repeats import Repeats


@pytest.mark.parametrize("path", ["/sparql?query=ASK{}", "/id/agent/x", "/health", "/"])
def test_a_fault_is_a_500_with_all_headers_that_tells_nothing(path: str) -> None:
    def broken() -> Dataset:
        raise RuntimeError("a secret")

    telemetry = Telemetry()
    app = create_app(
        LocalEngine(Path("nowhere")), Archive(None, Capacity(), most=0), Settings(),
        dataset=broken, telemetry=telemetry, repeats=Repeats(broken, telemetry),
    )  # fmt: skip

    async def ask() -> httpx2.Response:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get(path)

    response = asyncio.run(ask())
    assert response.status_code == 500
    assert response.json()["detail"] == "the server made a mistake; it has been logged"
    assert "secret" not in response.text
    for name, value in COMMON.items():
        assert response.headers.get_list(name) == [value]
