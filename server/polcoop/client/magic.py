"""The cell magic ``%%sparql``, and completion in its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from IPython.core.completer import context_matcher
from IPython.core.error import UsageError as CellError
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from polcoop.errors import PolcoopError, UsageError
from polcoop.sparql.query import Form, Query

from . import connect, open_dataset
from .completion import Terms

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

    from .connection import Connection

_MAGIC: Final = "%%sparql"


def load(shell: InteractiveShell) -> None:
    """Add the magic and the completion to a shell; once is enough."""
    if _MAGIC.lstrip("%") in shell.magics_manager.magics["cell"]:
        return
    magics = SparqlMagics(shell)
    shell.register_magics(magics)
    shell.Completer.custom_matchers.append(magics.matcher)


@magics_class
class SparqlMagics(Magics):
    """``%%sparql`` and the connections that it has opened."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._variables: dict[str, Any] = shell.user_ns
        self._connections: dict[str, Connection] = {}
        self._terms = Terms(lambda: self._connection(None))
        self.matcher = self._matcher()

    @magic_arguments()
    @argument("name", nargs="?", help="Variable that the result goes to; without it the result is shown.")
    @argument(
        "-e",
        "--endpoint",
        help="Address of an endpoint, or a variable with a connection; by default the packaged dataset.",
    )
    @argument(
        "-b",
        "--bind",
        action="append",
        default=[],
        metavar="NAME",
        help="Variable of the notebook whose value goes to the variable of the query of the same name.",
    )
    @argument("-t", "--timeout", type=float, help="Seconds that the answer may take.")
    @cell_magic
    def sparql(self, line: str, cell: str) -> Any:
        """Answer the query in the cell with a table (SELECT), a truth value (ASK) or a graph (CONSTRUCT,
        DESCRIBE)."""
        options = parse_argstring(self.sparql, line)
        try:
            bindings = {name.lstrip("?$"): self._variable(name.lstrip("?$")) for name in options.bind}
            answer = self._answer(self._connection(options.endpoint), cell, bindings, options.timeout)
        except PolcoopError as error:
            # One readable message in place of a traceback through this package.
            told = "\n".join([f"{error.title.lower()}: {error}", *getattr(error, "__notes__", ())])
            raise CellError(told) from None
        if options.name is None:
            return answer
        self._variables[options.name] = answer
        return None

    def _answer(
        self, connection: Connection, text: str, bindings: dict[str, object], timeout: float | None
    ) -> Any:
        ask = {
            Form.SELECT: connection.select,
            Form.ASK: connection.ask,
            Form.CONSTRUCT: connection.construct,
            Form.DESCRIBE: connection.describe,
        }
        return ask[Query.parse(text).form](text, bindings, timeout=timeout)

    def _variable(self, name: str) -> object:
        if name not in self._variables:
            raise UsageError(f"this notebook has no variable {name} to bind")
        return self._variables[name]

    def _connection(self, endpoint: str | None) -> Connection:
        """The connection of a name, kept: opening the dataset takes a moment."""
        held = self._variables.get(endpoint or "")
        if held is not None and hasattr(held, "select"):
            return held  # type: ignore[no-any-return]  # whatever answers like one
        key = endpoint or ""
        if key not in self._connections:
            self._connections[key] = connect(endpoint) if endpoint else open_dataset()
        return self._connections[key]

    def _matcher(self) -> Any:
        @context_matcher(identifier="polcoop.sparql")
        def match(context: CompletionContext) -> Any:
            before = context.full_text[: _offset(context)]
            if not context.full_text.lstrip().startswith(_MAGIC) or "\n" not in before:
                return {"completions": []}
            return self._terms.matches(before)

        return match


def _offset(context: CompletionContext) -> int:
    """The offset of the cursor in the whole text of the cell."""
    lines = context.full_text.split("\n")
    return sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position
