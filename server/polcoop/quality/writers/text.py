"""Text as a compiler writes it: the place, the source line with what is meant underlined, what is wrong."""

from __future__ import annotations

from rich.cells import cell_len

from polcoop.quality.report import Location, ValidationResult
from polcoop.quality.wording import line, short, summary, visible
from polcoop.quality.writers.presentation import Presentation, node

_WIDTH = 160
"""Characters of a source line that are shown around what is meant."""


def write(shown: Presentation) -> str:
    """A block for each result and the verdict."""
    blocks = [_block(shown, result) for result in shown.report.results]
    return "\n".join([*blocks, summary(shown.report)]) + "\n"


def _block(shown: Presentation, result: ValidationResult) -> str:
    severity = f"known {result.severity.label}" if result.known else result.severity.label
    head = f"{severity}: {shown.message(result)} [{shown.rule(result)}]"
    place = result.location
    if place is not None:
        head = ":".join((shown.file(place), *(str(n) for n in (place.line, place.column) if n), f" {head}"))
    lines = [head]
    margin = " " * len(str(place.line if place else ""))
    if place is not None:
        lines += _excerpt(shown, place, margin)
    rows = (
        ("focus", line(node(result.focus))),
        ("path", short(result.path or "")),
        ("value", shown.value(result)),
        ("rule", short(result.component)),
        ("hint", shown.hint(result)),
        ("shape", _where(shown, result.related)),
    )
    lines += [f"{margin} = {name}: {text}" for name, text in rows if text]
    return "\n".join(lines) + "\n"


def _where(shown: Presentation, place: Location | None) -> str:
    return "" if place is None else f"{shown.file(place)}:{place.line}"


def _excerpt(shown: Presentation, place: Location, margin: str) -> list[str]:
    text = shown.source_line(place)
    if text is None or place.column is None:
        return []
    start = place.column - 1
    end = len(text)
    if place.end_line == place.line and place.end_column:
        end = place.end_column - 1
    cut = max(0, start - _WIDTH // 2) if len(text) > _WIDTH else 0
    # A letter may fill two columns of a terminal, or be spelt out: the mark is as wide as what it is under.
    before, meant, after = (
        visible(part.replace("\t", " ")) for part in (text[cut:start], text[start:end], text[end:])
    )
    before = f"…{before}" if cut else before
    room = max(0, _WIDTH - len(before))
    cropped = len(meant) + len(after) > room
    whole = before + (f"{(meant + after)[:room]}…" if cropped else meant + after)
    mark = "^" * max(1, cell_len(meant[:room]))
    return [
        f"{margin} |",
        f"{place.line} | {whole}".rstrip(),
        f"{margin} | {' ' * cell_len(before)}{mark}",
    ]
