"""Exceptions of the package; each class knows its title, HTTP status and process exit code.

Exit codes (README, "Exit codes"): 0 fine, 1 the data has violations or is inconsistent (a result, never an
exception), 2 wrong use, 3 input that cannot be read or parsed.  ``PolcoopError`` is caught once in the
command line and once in the web application; everything else raises the exact class and keeps the cause
(``raise ... from error``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: 1-based line and 1-based column, counted in Unicode characters."""

    line: int
    column: int


class PolcoopError(Exception):
    """Root of the tree: something went wrong that a user can understand and act upon."""

    title: ClassVar[str] = "Error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 3
    retry_after: int | None = None
    """Seconds after which trying again makes sense."""

    def __init__(self, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint


class UsageError(PolcoopError):
    """A command, option or parameter was used wrongly."""

    title = "Wrong use"
    status = 400
    exit_code = 2


class MissingExtra(PolcoopError):
    """Something needs libraries that come with an extra of the package, and is not installed with it."""

    title = "Not installed"
    status = 501
    exit_code = 2

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more than is installed", hint=f"pip install 'polcoop[{extra}]'")


class SourceError(PolcoopError):
    """An input file or folder cannot be read."""

    title = "Unreadable input"
    status = 500


class ParseError(SourceError):
    """An input was read but is not well formed; ``source`` and ``position`` say where, ``others`` what else
    is wrong with it."""

    title = "Malformed input"
    status = 400

    def __init__(
        self,
        detail: str,
        *,
        source: str | None = None,
        position: Position | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(detail, hint=hint)
        self.source = source
        self.position = position
        self.others: tuple[ParseError, ...] = ()

    def __str__(self) -> str:
        where = self.source or ""
        if self.position is not None:
            where = f"{where}:{self.position.line}:{self.position.column}"
        told = f"{where}: {self.detail}" if where else self.detail
        return "\n".join((told, *map(str, self.others)))


class QueryError(PolcoopError):
    """A SPARQL query is refused before or while it is evaluated, by the fault of the query."""

    title = "Query refused"
    status = 400


class QuerySyntaxError(QueryError):
    """A SPARQL query does not parse; ``position`` says where when it is known."""

    title = "Malformed query"

    def __init__(self, detail: str, *, position: Position | None = None, hint: str | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.position = position


class ForbiddenQuery(QueryError):
    """The query asks for what this endpoint never does: update, SERVICE, LOAD."""

    title = "Not allowed here"
    status = 403
    exit_code = 2


class QueryTooLarge(QueryError):
    """The query exceeds the bounds on its length or nesting (RFC 9110, 15.5.14)."""

    title = "Query too large"
    status = 413
    exit_code = 2


class ResultTooLarge(QueryError):
    """The result exceeds the bound on its size (RFC 9110, 15.5.21)."""

    title = "Result too large"
    status = 422


class NotAcceptable(QueryError):
    """No result format satisfies the client's Accept header (RFC 9110, 15.5.7)."""

    title = "Not acceptable"
    status = 406
    exit_code = 2


class UnsupportedMediaType(QueryError):
    """The request body has a media type that the protocol does not define (RFC 9110, 15.5.16)."""

    title = "Unsupported media type"
    status = 415


class QueryTimeout(PolcoopError):
    """The query was ended at its deadline."""

    title = "Query timed out"
    status = 503


class EngineFailure(PolcoopError):
    """The worker that evaluated the query died; the query alone is lost."""

    title = "Query failed"
    status = 500


class Overloaded(PolcoopError):
    """Too many queries are in flight; try again later."""

    title = "Too busy"
    status = 503
    retry_after = 5


class BudgetExceeded(QueryError):
    """A federated query asks more of remote endpoints than one query may: calls, time, bytes or rows."""

    title = "Too much to ask of other endpoints"
    status = 403
    exit_code = 2


class RemoteFailure(PolcoopError):
    """A remote endpoint cannot be reached, answers with an error, or answers something that is no result.
    SERVICE SILENT makes one empty solution of it."""

    title = "Remote endpoint failed"
    status = 502


class RemoteTimeout(RemoteFailure):
    """A remote endpoint did not answer in time."""

    title = "Remote endpoint timed out"
    status = 504


class RemoteBusy(RemoteFailure):
    """A remote endpoint asks us to wait, or other queries of ours stand in line for it."""

    title = "Remote endpoint busy"
    status = 503

    def __init__(self, detail: str, *, seconds: float, hint: str | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.retry_after = max(1, math.ceil(seconds))


class NotRecorded(PolcoopError):
    """A lockfile has no answer to a request that a query makes."""

    title = "Not recorded"


class NotStored(PolcoopError):
    """No query is stored under this address."""

    title = "No such query"
    status = 404


class VersionNotKept(PolcoopError):
    """The dataset version that is asked for is not here.  No 410: whether it ever was is not recorded (RFC
    9110, 15.5.11)."""

    title = "Version not kept"
    status = 404


class ShelfFull(PolcoopError):
    """No more queries can be stored (RFC 4918, 11.5)."""

    title = "No room"
    status = 507


class UnknownResource(PolcoopError):
    """The data says nothing of the resource whose path was asked for (RFC 9110, 15.5.5)."""

    title = "Unknown resource"
    status = 404


class Throttled(PolcoopError):
    """This client has too many queries in flight (RFC 6585, 4)."""

    title = "Too many queries"
    status = 429
    retry_after = 5


class DataTooLarge(PolcoopError):
    """The data that is to be validated exceeds the bound on its size (RFC 9110, 15.5.14)."""

    title = "Data too large"
    status = 413
    exit_code = 2


class ValidationTimeout(PolcoopError):
    """The validation was ended at its deadline."""

    title = "Validation timed out"
    status = 503


class ValidationFailure(PolcoopError):
    """The process that validated the data died; nothing else is lost."""

    title = "Validation failed"
    status = 500
