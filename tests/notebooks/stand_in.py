"""Wikidata, as far as notebook 5 asks it: a stand-in that answers from a small extract, and is recorded.

The lockfile of the notebook is made without a network: ``python tests/notebooks/stand_in.py`` writes it, with
the mediator and the recorder that ``polcoop query --record`` has, and this in the place of the endpoint.
"""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

from pyoxigraph import QueryResultsFormat, QuerySolutions, RdfFormat, Store

from polcoop.formats import JSON
from polcoop.sources.dataset import Manifest
from polcoop.sparql.engine import Dataset, Limits
from polcoop.sparql.federation.batches import LARGEST
from polcoop.sparql.federation.engine import FederatedEngine
from polcoop.sparql.federation.lockfile import Lockfile, Recorder
from polcoop.sparql.federation.policy import Policy
from polcoop.sparql.federation.source import Allowance, Answer, Budget, Request
from polcoop.sparql.local import LocalEngine
from polcoop.sparql.query import Query

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
QUERY = NOTEBOOKS / "05-with-wikidata.rq"
EXTRACT = NOTEBOOKS / "05-with-wikidata.extract.ttl"
LOCKFILE = NOTEBOOKS / "05-with-wikidata.lock.json"


class StandIn:
    """A source that answers every request from the extract."""

    def __init__(self) -> None:
        self._store = Store()
        self._store.load(path=str(EXTRACT), format=RdfFormat.TURTLE)

    async def answer(self, request: Request, budget: Budget) -> Answer:
        """Evaluate the request."""
        budget.call()
        solutions = self._store.query(request.query)
        assert isinstance(solutions, QuerySolutions)
        content = io.BytesIO()
        solutions.serialize(content, QueryResultsFormat.JSON)
        return Answer(content.getvalue())


async def recorded(store: Path, time: str) -> Lockfile:
    """The answers that the query of the notebook needs over a compiled dataset, as if given at ``time``."""
    lockfile = Lockfile()
    async with LocalEngine(Dataset(store)) as local:
        source = Recorder(StandIn(), lockfile, lambda: time)
        engine = FederatedEngine(local, source, Policy(), Allowance(), batch=LARGEST)
        result = await engine.query(Query.parse(QUERY.read_text(encoding="utf-8")), JSON, Limits(60))
        rows = json.loads(b"".join([chunk async for chunk in result.chunks()]))["results"]["bindings"]
    assert rows, "the query has no answer"
    return lockfile


if __name__ == "__main__":
    current = Path("build/dataset/current")
    asyncio.run(recorded(current / "store", Manifest.load(current).created)).save(LOCKFILE)
