"""The federated engine: one around the local engine that answers SERVICE by asking the endpoints itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

from polcoop.formats import Format
from polcoop.sparql.engine import Engine, Limits, QueryResult
from polcoop.sparql.federation.batches import Asking, BatchSize
from polcoop.sparql.federation.mediation import Clock, Mediation
from polcoop.sparql.federation.plan import Plan
from polcoop.sparql.federation.policy import Policy
from polcoop.sparql.federation.source import Allowance, Budget, Source
from polcoop.sparql.query import Query


class FederatedEngine:
    """Passes on what has no SERVICE, and never passes on SERVICE.

    ``source`` answers for the endpoints that ``policy`` allows, as far as ``allowance`` goes for each query;
    ``batch`` fixes the rows of values that are sent at once, which are otherwise adapted.
    """

    def __init__(
        self,
        local: Engine,
        source: Source,
        policy: Policy,
        allowance: Allowance,
        *,
        batch: int | None = None,
    ) -> None:
        self._local, self._source, self._policy = local, source, policy
        self._allowance, self._batch = allowance, batch

    async def query(self, query: Query, format: Format, limits: Limits) -> QueryResult:  # noqa: A002
        """Evaluate ``query``; see :class:`polcoop.sparql.engine.Engine` and
        :meth:`polcoop.sparql.federation.mediation.Mediation.run`."""
        if not await query.in_turn(lambda: query.services):
            return await self._local.query(query, format, limits)
        clock = Clock(limits)
        asking = Asking(self._source, Budget(self._allowance, limits.seconds), BatchSize(fixed=self._batch))
        mediation = Mediation(query, self._local, self._policy, asking, clock)
        rest = await mediation.run()
        result = await self._local.query(rest, format, clock.left())
        return FederatedResult(result, mediation.plan)


class FederatedResult:
    """The result of the local engine, and the plan that led to it."""

    def __init__(self, inner: QueryResult, plan: Plan) -> None:
        self._inner, self.plan = inner, plan

    @property
    def length(self) -> int | None:
        """Size in bytes, if it is known."""
        return self._inner.length

    @property
    def digest(self) -> str | None:
        """Digest of the result, if it was asked for."""
        return self._inner.digest

    @property
    def explanation(self) -> str | None:
        """The plan in short, for a response header."""
        return self.plan.header

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes."""
        return self._inner.chunks()

    async def aclose(self) -> None:
        """Give back what the result holds."""
        await self._inner.aclose()
