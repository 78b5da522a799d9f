"""The index follows the data: read once for a version, and again when there is another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from polcoop.errors import EngineFailure, PolcoopError
from polcoop.formats import Format
from polcoop.reconcile.index import Index
from polcoop.reconcile.matching import Query as Asked
from polcoop.reconcile.matching import reconcile
from polcoop.reconcile.service import Reconciliation, manifest
from polcoop.sources.dataset import load
from polcoop.sparql.engine import Engine, Limits, QueryResult
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.query import Query

DATA = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix p: <https://w3id.org/polcoop/ontology#> .
p:Country a owl:Class ; skos:prefLabel "Country"@en .
<https://w3id.org/polcoop/id/agent/aa> a p:Country ; skos:prefLabel "%s"@en ; p:isHedged false .
<https://w3id.org/polcoop/id/claim/p01-01> skos:prefLabel "a claim"@en .
<http://example.org/a> skos:prefLabel "of somebody else"@en .
"""


class Switched:
    """An engine in front of two, as when the server changes to another version of the data; counts."""

    def __init__(self, engines: dict[str, Engine]) -> None:
        self.engines, self.version, self.asked = engines, "", 0

    async def query(self, query: Query, format: Format, limits: Limits) -> QueryResult:  # noqa: A002
        """Pass the query on, or fail when there is no engine."""
        self.asked += 1
        if self.version not in self.engines:
            raise EngineFailure("no data yet")
        return await self.engines[self.version].query(query, format, limits)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two versions of a small piece of data, by the name of the country in them."""
    found = {}
    for name in ("Ruritania", "Arcadia"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "data.ttl").write_text(DATA % name, encoding="utf-8")
        load([folder / "data.ttl"], folder / "store")
        found[name] = folder / "store"
    return found


def test_the_index_is_read_lazily_once_and_anew_for_another_version(stores: dict[str, Path]) -> None:
    async def run() -> None:
        async with (
            LocalEngine(stores["Ruritania"], Capacity(workers=1)) as one,
            LocalEngine(stores["Arcadia"], Capacity(workers=1)) as other,
        ):
            switched = Switched({"Ruritania": one, "Arcadia": other})
            service = Reconciliation(switched, lambda: switched.version)
            assert switched.asked == 0
            with pytest.raises(PolcoopError):
                await service.index()
            switched.version, switched.asked = "Ruritania", 0
            first, *others = await asyncio.gather(*(service.index() for _ in range(5)))
            assert all(each is first for each in others)
            queries = switched.asked
            assert names(first) == ["Ruritania"]
            assert await service.index() is first
            assert switched.asked == queries
            switched.version = "Arcadia"
            second = await service.index()
            assert names(second) == ["Arcadia"]
            assert switched.asked == 2 * queries
            assert [c.match for c in reconcile(second, Asked("Arcadia"))] == [True]
            assert reconcile(second, Asked("Ruritania")) == []

    asyncio.run(run())


def names(index: Index) -> list[str]:
    """The names of its entities: those of the project that have a name of their own."""
    return [entity.name for entity in index.entities.values()]


def test_an_index_of_other_data_is_empty_and_answers() -> None:
    empty = Index([], [], [])
    assert reconcile(empty, Asked("Interpol")) == []
    assert manifest(empty, "http://127.0.0.1")["defaultTypes"] == []
