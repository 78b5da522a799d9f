"""The mediator: one query with SERVICE becomes one without (SPARQL 1.1 Federated Query, sections 2 to 4).

``SERVICE e { P }`` means the solutions of P at e, joined where the clause stands.  A VALUES block in its
place means the same, and may leave out solutions that agree with nothing that the clause is joined with
(:mod:`polcoop.sparql.federation.joined`).  So the values of that local part are asked of the local engine,
sent to the endpoint, and its answer takes the place of the clause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from polcoop.errors import ForbiddenQuery, QueryError, QueryTimeout, RemoteFailure
from polcoop.formats import JSON
from polcoop.solutions import Blank, Solutions, Triple, read
from polcoop.sparql.engine import Engine, Limits
from polcoop.sparql.federation.batches import Asking, Pattern
from polcoop.sparql.federation.clause import LABELS, Clause, Clauses
from polcoop.sparql.federation.inline import UNDEF, Row, inlined, written
from polcoop.sparql.federation.joined import Joined, Surroundings, within_exists
from polcoop.sparql.federation.plan import Plan, Step
from polcoop.sparql.federation.policy import Policy
from polcoop.sparql.federation.scope import Scope, descendants
from polcoop.sparql.query import Form, Query

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_VALUES: Final = 10_000
"""Rows of values beyond which they are not sent: the pattern is then asked as it stands."""
_LABELS: Final = ("Label", "AltLabel", "Description")


@dataclass(frozen=True, slots=True)
class Bindings:
    """Values of the local part: a row for each combination, under the variables ``join``."""

    join: tuple[str, ...]
    rows: tuple[Row, ...]


class Clock:
    """The deadline of a query as a whole."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._end = asyncio.get_running_loop().time() + limits.seconds

    def left(self) -> Limits:
        """The limits of what is still to be done.

        :raises QueryTimeout: nothing can be done any more.
        """
        seconds = self._end - asyncio.get_running_loop().time()
        if seconds <= 0:
            raise QueryTimeout(f"the query was ended after {self._limits.seconds:g} seconds")
        return replace(self._limits, seconds=seconds)


class Mediation:
    """The mediation of one query.  ``plan`` grows as it goes."""

    def __init__(self, query: Query, local: Engine, policy: Policy, asking: Asking, clock: Clock) -> None:
        self._query, self._local, self._policy, self._asking, self._clock = (
            query,
            local,
            policy,
            asking,
            clock,
        )
        self._syntax = query.syntax
        root = self._syntax.root
        if root is None or root.has_error:
            raise self._syntax.explain("a query with SERVICE is read by the grammar of SPARQL 1.1")
        self._root = root
        self._scope = Scope(self._syntax)
        self._clauses = Clauses(self._syntax, root)
        self._done: list[tuple[Node, str]] = []
        self.plan = Plan()

    async def run(self) -> Query:
        """Ask the endpoints; return the query that is left for the local engine.

        :raises PolcoopError: as :class:`polcoop.sparql.engine.Engine` says, and
        :raises ForbiddenQuery: an endpoint is not allowed; SILENT makes no difference.
        :raises BudgetExceeded: the query asks too much of endpoints; SILENT makes no difference.
        :raises RemoteFailure: an endpoint fails and the clause is not SILENT.
        """
        pending = self._clauses.read()
        for clause in pending:
            self._check(clause)
        while pending:
            clause, joined = self._next(pending)
            pending.remove(clause)
            self._done.append((clause.node, await self._answered(clause, joined)))
        self.plan.rest = self._syntax.with_replaced(self._done)
        return replace(self._query, text=self.plan.rest)

    def _check(self, clause: Clause) -> None:
        """Refuse what would be refused anyway before anybody is asked."""
        for endpoint in clause.addresses:
            self._policy.check(endpoint)
        if within_exists(clause.node):
            loose = self._scope.mentioned(clause.group) - self._scope.certain(clause.group)
            shared = sorted(loose & self._outside(clause))
            if shared:
                raise ForbiddenQuery(
                    f"SERVICE in EXISTS is refused here: ?{shared[0]} is not bound for certain inside it and"
                    " stands outside too",
                    hint="move the clause out of EXISTS, or bind the variable by a triple inside SERVICE",
                )

    def _outside(self, clause: Clause) -> frozenset[str]:
        """The variables that stand in the text outside a clause."""
        return frozenset(
            self._scope.name(variable)
            for variable in descendants(self._root, "var")
            if not clause.node.start_byte <= variable.start_byte < clause.node.end_byte
        )

    def _next(self, pending: Sequence[Clause]) -> tuple[Clause, Joined]:
        """The clause to ask next, with its local part: the first that something is known about, else the
        first."""
        nodes = [clause.node for clause in pending]
        surroundings = Surroundings(self._syntax, self._scope, self._done, nodes)
        found = []
        for clause in pending:
            target = frozenset([clause.variable] if clause.variable else [])
            joined = surroundings.of(clause.node, frozenset(self._scope.visible(clause.group)) | target)
            if target & joined.variables if clause.variable else joined.variables & self._join(clause):
                return clause, joined
            found.append((clause, joined))
        # A clause that names its endpoint by a variable is of no use before something binds that.
        return next((each for each in found if each[0].endpoint), found[0])

    def _join(self, clause: Clause) -> frozenset[str]:
        return self._scope.certain(clause.group)

    async def _answered(self, clause: Clause, joined: Joined) -> str:
        """The text that takes the place of a clause."""
        wanted = self._wanted(clause)
        if clause.variable is None:
            assert clause.endpoint is not None  # noqa: S101 (one of the two is there)
            bindings = await self._bindings(self._usable(clause, joined), joined)
            rows = await self._solutions(clause, clause.endpoint, wanted, bindings, joined)
            return inlined((), [()]) if rows is None else inlined(wanted, rows)
        return await self._by_variable(clause, clause.variable, wanted, joined)

    def _usable(self, clause: Clause, joined: Joined) -> tuple[str, ...]:
        """The variables whose values restrict a clause: bound in each of its solutions, and by the local
        part."""
        certain = self._join(clause)
        return tuple(
            name for name in self._scope.visible(clause.group) if name in certain and name in joined.variables
        )

    def _wanted(self, clause: Clause) -> tuple[str, ...]:
        """The variables whose values are wanted back: those that stand elsewhere too."""
        names = list(self._scope.visible(clause.group))
        everything = any(
            child.type == "*"
            for kind in ("select_clause", "describe_query", "aggregate")
            for node in descendants(self._root, kind)
            for child in node.children
        )
        if everything:
            return tuple(names)
        outside = self._outside(clause)
        labels = {name + suffix for name in names for suffix in _LABELS if LABELS in clause.nested}
        return tuple(name for name in [*names, *sorted(labels - set(names))] if name in outside)

    async def _by_variable(
        self, clause: Clause, variable: str, wanted: tuple[str, ...], joined: Joined
    ) -> str:
        """SERVICE ?x: each endpoint that ?x is bound to, once all of them are known to be allowed."""
        others = tuple(name for name in self._usable(clause, joined) if name != variable)
        found = Bindings((), ())
        if variable in joined.variables:
            found = await self._bindings((variable, *others), joined)
            if variable not in found.join:
                found = await self._bindings((variable,), joined)
        if variable not in found.join:
            raise QueryError(
                f"SERVICE ?{variable}: there is nobody to ask, since nothing beside it always binds it",
                hint=f"bind it by a triple or VALUES in the same group: VALUES ?{variable} {{ <https://…> }}",
            )
        endpoints: dict[str, list[Row]] = {}
        for first, *rest in found.rows:
            if not first.startswith("<"):
                raise QueryError(f"SERVICE ?{variable}: {first[:80]} is no address of an endpoint")
            endpoints.setdefault(first, []).append(tuple(rest))
        for endpoint in endpoints:
            self._policy.check(endpoint[1:-1])
        parts: list[Row] = []
        for endpoint, rows in endpoints.items():
            known = Bindings(found.join[1:], tuple(rows))
            answers = await self._solutions(clause, endpoint[1:-1], wanted, known, joined)
            parts += _from(endpoint, answers, wanted, variable)
        return inlined((variable, *(name for name in wanted if name != variable)), parts)

    async def _bindings(self, names: tuple[str, ...], joined: Joined) -> Bindings:
        """The distinct values of variables in the local part, in the order of their text; without the
        variables that are not bound in each of its rows, and none at all when there are too many."""
        if not names:
            return Bindings((), ())
        found = await self._ask(
            f"{self._clauses.prologue()}\nSELECT DISTINCT {' '.join(f'?{name}' for name in names)}"
            f" {self._clauses.dataset()} WHERE {joined.text} LIMIT {MOST_VALUES + 1}"
        )
        if len(found.rows) > MOST_VALUES:
            return Bindings((), ())
        kept = [
            place
            for place in range(len(names))
            if not any(row[place] is None or isinstance(row[place], Triple) for row in found.rows)
        ]
        # A blank node of ours is none of theirs: it agrees with nothing that an endpoint has.
        rows = {
            tuple(written(row[place]) for place in kept)
            for row in found.rows
            if not any(isinstance(row[place], Blank) for place in kept)
        }
        return Bindings(tuple(names[place] for place in kept), tuple(sorted(rows)))

    async def _ask(self, text: str) -> Solutions:
        query = replace(self._query, text=text, form=Form.SELECT, identified=False)
        result = await self._local.query(query, JSON, self._clock.left())
        found = read(b"".join([chunk async for chunk in result.chunks()]))
        assert isinstance(found, Solutions)  # noqa: S101 (it was a SELECT)
        return found

    async def _solutions(
        self, clause: Clause, endpoint: str, wanted: tuple[str, ...], bindings: Bindings, joined: Joined
    ) -> list[Row] | None:
        """What an endpoint answers, or None when it failed and the clause is SILENT."""
        join = bindings.join
        leading = self._scope.leading(clause.group)
        group = self._syntax.source(clause.group)
        pattern = Pattern(group, self._clauses.prologue(clause.group), wanted, leading.issuperset(join))
        line = self._syntax.place(clause.node).line
        step = Step(endpoint, line, join, local=joined.text if join else "")
        self.plan.steps.append(step)
        try:
            if not join:
                return await self._asking.all(pattern, step)
            return await self._asking.matching(pattern, join, bindings.rows, step)
        except RemoteFailure as error:
            step.failure = error.detail
            if clause.silent:
                return None
            raise


def _from(endpoint: str, rows: list[Row] | None, wanted: tuple[str, ...], variable: str) -> list[Row]:
    """The rows with their endpoint in front; a silenced failure is one row that binds nothing else."""
    own = wanted.index(variable) if variable in wanted else len(wanted)
    fitting = {(), (UNDEF,), (endpoint,)}
    known = [(UNDEF,) * len(wanted)] if rows is None else rows
    return [(endpoint, *row[:own], *row[own + 1 :]) for row in known if row[own : own + 1] in fitting]
