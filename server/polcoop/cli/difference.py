"""What a change does to the data, written for people (text, Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from polcoop.iris import shrink
from polcoop.quality.report import Severity, ValidationResult
from polcoop.sources.changes import GraphChange, NodeChange
from polcoop.sparql.answers import AnswerChange

LIMIT: Final = 65_000
"""Longest Markdown, in bytes: GitHub takes comments of up to 65,536 characters."""
_FRAME: Final = 300
"""Bytes kept for the frame of a section: title, fences, tags, how many lines are left out."""
_LONGEST: Final = 600
"""Characters of a line in Markdown."""
_SIGNS: Final = {"added": "+", "removed": "-", "changed": " "}
_KINDS: Final = {"claim": "Claims", "entity": "Entities", "term": "Terms"}


@dataclass(frozen=True)
class Difference:
    """All that differs between two states; ``before`` and ``after`` name them, ``remarks`` are for the
    reader."""

    before: str
    after: str
    graphs: list[GraphChange] = field(default_factory=list)
    nodes: list[NodeChange] = field(default_factory=list)
    answers: list[AnswerChange] = field(default_factory=list)
    new: list[ValidationResult] = field(default_factory=list)
    gone: list[ValidationResult] = field(default_factory=list)
    queries: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def worse(self) -> bool:
        """True when a violation is new."""
        return any(result.severity is Severity.VIOLATION for result in self.new)


@dataclass(frozen=True)
class _Section:
    title: str
    lines: list[str]


def as_text(difference: Difference) -> str:
    """The whole difference, line by line, for a terminal."""
    parts = [f"{difference.before} -> {difference.after}: {', '.join(_summary(difference))}"]
    parts += [f"note: {remark}" for remark in difference.remarks]
    for section in _sections(difference):
        parts += ["", section.title, *(f"  {line}" for line in section.lines)]
    return "\n".join(parts) + "\n"


def as_json(difference: Difference) -> str:
    """The whole difference as one JSON object; terms as in Turtle, with the project's prefixes."""

    def result(one: ValidationResult) -> dict[str, Any]:
        return {
            **{"severity": one.severity.label, "shape": _short(one.shape), "focus": _short(one.focus)},
            **{"path": _short(one.path or "") or None, "value": _short(one.value or "") or None},
            **{"component": _short(one.component), "message": one.message()},
            "location": str(one.location or "") or None,
        }

    content = {
        "before": difference.before,
        "after": difference.after,
        "remarks": difference.remarks,
        "graphs": [asdict(change) for change in difference.graphs],
        "nodes": [asdict(change) for change in difference.nodes],
        "queries": difference.queries,
        "answers": [asdict(change) for change in difference.answers],
        "results": {
            "new": [result(one) for one in difference.new],
            "gone": [result(one) for one in difference.gone],
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def as_markdown(difference: Difference) -> str:
    """A comment for a pull request, at most ``LIMIT`` bytes: a summary, then what can be folded out.

    Whatever comes from the data stands in code, where nothing is a link, a mention, markup or HTML.
    """
    head = [
        "<!-- polcoop diff -->",
        f"**polcoop diff** {_code(difference.before)} → {_code(difference.after)}: "
        + ", ".join(f"**{part}**" if re.search(r"\d new ", part) else part for part in _summary(difference)),
        *(f"\n_{remark}_" for remark in difference.remarks),
    ]
    text = "\n".join(head) + "\n"
    sections = _sections(difference)
    rooms = _rooms([_size(section) for section in sections], LIMIT - len(text.encode()))
    return text + "".join(_folded(section, room) for section, room in zip(sections, rooms, strict=True))


def _rooms(sizes: list[int], total: int) -> list[int]:
    """Share ``total`` out: what a small section leaves of its share is for the larger ones."""
    rooms = dict.fromkeys(range(len(sizes)), 0)
    for done, number in enumerate(sorted(rooms, key=lambda n: sizes[n])):
        rooms[number] = min(sizes[number], total // (len(sizes) - done))
        total -= rooms[number]
    return list(rooms.values())


def _size(section: _Section) -> int:
    return _FRAME + sum(len(_cut(line).encode()) + 1 for line in section.lines)


def _folded(section: _Section, room: int) -> str:
    room -= _FRAME
    body: list[str] = []
    for line in map(_cut, section.lines):
        room -= len(line.encode()) + 1
        if room < 0:
            body.append(f"… and {len(section.lines) - len(body):,} more lines")
            break
        body.append(line)
    # No line ends the block: none is a row of backticks and nothing else.
    block = "\n".join(("```diff", *body, "```"))
    return f"\n<details><summary>{section.title}</summary>\n\n{block}\n\n</details>\n"


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{_printable(text)}{padding}{fence}"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _summary(difference: Difference) -> list[str]:
    added, removed = (
        sum(getattr(change, side) for change in difference.graphs) for side in ("added", "removed")
    )
    parts = [f"+{added:,} −{removed:,} triples"] if added or removed else ["no triple differs"]
    for kind, plural in _KINDS.items():
        counts = [
            f"{count:,} {change}"
            for change in _SIGNS
            if (count := sum(n.kind == kind and n.change == change for n in difference.nodes))
        ]
        if counts:
            parts.append(f"{plural.lower()}: {' / '.join(counts)}")
    if difference.answers:
        parts.append(f"{len(difference.answers)} of {difference.queries} queries answer differently")
    for severity in reversed(Severity):
        for label, results in (("new", difference.new), ("gone", difference.gone)):
            if count := sum(result.severity is severity for result in results):
                noun = severity.label if count == 1 or severity is Severity.INFO else f"{severity.label}s"
                parts.append(f"{count:,} {label} {noun}" if label == "new" else f"{count:,} {noun} gone")
    if not difference.new:
        parts.append("no new violation")
    return parts


def _sections(difference: Difference) -> list[_Section]:
    per_kind = {kind: [n for n in difference.nodes if n.kind == kind] for kind in _KINDS}
    sections = [
        _Section(f"New results of the shapes ({len(difference.new):,})", list(_results(difference.new, "+"))),
        _Section(f"Results gone ({len(difference.gone):,})", list(_results(difference.gone, "-"))),
        _Section(
            f"Answers ({len(difference.answers):,} of {difference.queries:,} queries)",
            list(_answers(difference.answers)),
        ),
        *(
            _Section(f"{plural} ({len(per_kind[kind]):,})", list(_nodes(per_kind[kind])))
            for kind, plural in _KINDS.items()
        ),
        _Section(
            "Triples per graph",
            [f"  {change.graph}: +{change.added:,} −{change.removed:,}" for change in difference.graphs],
        ),
    ]
    return [_Section(s.title, [_printable(line) for line in s.lines]) for s in sections if s.lines]


def _results(results: Iterable[ValidationResult], sign: str) -> Iterator[str]:
    for result in results:
        where = f" at {result.location}" if result.location else ""
        yield f"{sign} {result.severity.label} {_short(result.shape)}{where}"
        parts = (result.focus, result.path or "", result.value or "")
        yield f"{sign}   {' '.join(_short(part) for part in parts if part)}"
        if message := result.message():
            yield f"{sign}   {message}"


def _answers(changes: Iterable[AnswerChange]) -> Iterator[str]:
    for change in changes:
        how = {"added": "new query", "removed": "query removed"}.get(change.change, change.change)
        rows = f"{change.count_before:,} -> {change.count_after:,} rows"
        yield f"{change.query}: {how}, {rows}{', query rewritten' if change.rewritten else ''}"
        if change.failure:
            yield f"    {change.failure}"
        if change.removed or change.added:
            yield f"    {' | '.join(change.columns)}"
        # Rows that resemble each other stand together.
        signed = [(row, "-") for row in change.removed] + [(row, "+") for row in change.added]
        for row, sign in sorted(signed, key=lambda one: (one[0], one[1] == "+")):
            yield f"{sign}   {' | '.join(row)}"


def _nodes(changes: Iterable[NodeChange]) -> Iterator[str]:
    for change in changes:
        types = f" a {' , '.join(change.types)}" if change.types and change.kind != "claim" else ""
        label = f'  "{change.label}"' if change.label else ""
        yield f"{_SIGNS[change.change]} {change.node}{types}{label}"
        if change.change != "changed":
            continue
        for detail in change.properties:
            yield from (f"-   {detail.property} {value}" for value in detail.removed)
            yield from (f"+   {detail.property} {value}" for value in detail.added)


def _short(term: str) -> str:
    return re.sub(r"<([^<>\s]+)>", lambda match: shrink(match[1]), term)


def _printable(line: str) -> str:
    """One line: line ends, controls and marks that turn the direction of writing as escapes."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in line)
