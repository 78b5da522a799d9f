"""How a federated query was answered: for ``--explain``, and for a response header."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

HEADER: Final = "Polcoop-Federation"
_HEADER_BYTES: Final = 1024


@dataclass(slots=True)
class Step:
    """One SERVICE clause with one endpoint.

    ``join`` are the variables whose values were sent, ``rows_out`` how many rows of them, in ``batches``;
    ``rows_back`` is what came, ``cached`` how many batches were not asked of the endpoint again.
    """

    endpoint: str
    line: int
    join: tuple[str, ...] = ()
    local: str = ""
    query: str = ""
    batches: int = 0
    cached: int = 0
    rows_out: int = 0
    rows_back: int = 0
    milliseconds: float = 0.0
    failure: str = ""

    @property
    def summary(self) -> str:
        """One member of the header: the endpoint, with parameters."""
        numbers = (
            f"batches={self.batches};cached={self.cached};out={self.rows_out};back={self.rows_back}"
            f";ms={self.milliseconds:.0f}"
        )
        return f"<{self.endpoint}>;{numbers}{';failed' if self.failure else ''}"

    def text(self) -> str:
        """The step at length."""
        joined = ", ".join(f"?{name}" for name in self.join)
        sent = f"{self.rows_out:,} values of {joined}" if joined else "no values: the pattern as it stands"
        lines = [
            f"SERVICE <{self.endpoint}> (line {self.line})",
            f"  sent      {sent}, in {self.batches} batches ({self.cached} cached)",
            f"  received  {self.rows_back:,} rows in {self.milliseconds:.0f} ms",
        ]
        lines += [f"  silenced  {self.failure}"] if self.failure else []
        lines += _indented("local part", self.local) + _indented("first request", self.query)
        return "\n".join(lines)


@dataclass(slots=True)
class Plan:
    """All steps, in the order in which they were made, and the text that was left for the local engine."""

    steps: list[Step] = field(default_factory=list)
    rest: str = ""

    @property
    def header(self) -> str:
        """The value of the response header, of bounded size."""
        members = [step.summary for step in self.steps]
        while len(", ".join(members)) > _HEADER_BYTES and members:
            members.pop()
        left = len(self.steps) - len(members)
        return ", ".join([*members, *([f"more={left}"] if left else [])])

    def text(self) -> str:
        """The plan for a reader."""
        steps = [step.text() for step in self.steps]
        return "\n\n".join([*steps, "\n".join(_indented("then, locally", self.rest, indent=""))])


def _indented(title: str, text: str, indent: str = "  ") -> list[str]:
    if not text.strip():
        return []
    lines = [line for line in text.strip().splitlines() if line.strip()]
    shown = lines if len(lines) <= _LINES else [*lines[:_LINES], f"… {len(lines) - _LINES} more lines"]
    return [f"{indent}{title}", *(f"{indent}  | {line[:200]}" for line in shown)]


_LINES: Final = 30
