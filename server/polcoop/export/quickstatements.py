"""QuickStatements, version 1: one command a line, its fields separated by tabs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polcoop.export.statements import Contribution, Statement
from polcoop.export.wikidata_values import Item, Monolingual, Snak, Text, Time
from polcoop.iris import shrink


def write(contribution: Contribution) -> bytes:
    """The statements, each line with one reference: a line that repeats a statement adds its reference to it.
    Items to create come last."""
    lines = [_line(each.subject, each) for each in contribution.statements]
    for item in contribution.new_items:
        lines.append("CREATE")
        lines += [f"LAST\tL{label.language}\t{_text(label.text)}" for label in item.labels]
        lines += [_line("LAST", each) for each in item.statements]
    return "".join(f"{line}\n" for line in lines).encode()


def _line(subject: str, statement: Statement) -> str:
    qualifiers = _pairs(statement.qualifiers, "P")
    reference = _pairs(statement.reference, "S")
    # The comment becomes the summary of the edit.
    fields = (subject, statement.property, _value(statement.value), *qualifiers, *reference)
    return "\t".join(fields) + f" /* {shrink(statement.claim)} */"


def _pairs(snaks: Iterable[Snak], letter: str) -> Iterator[str]:
    for snak in snaks:
        yield letter + snak.property[1:]
        yield _value(snak.value)


def _value(value: Item | Time | Text | Monolingual) -> str:
    match value:
        case Item(identifier):
            return identifier
        case Time(iso, precision):
            return f"{iso}/{precision}"
        case Text(text):
            return _text(text)
        case Monolingual(language, text):
            return f"{language}:{_text(text)}"


def _text(text: str) -> str:
    """A quoted string; the format has no escapes."""
    return '"' + " ".join(text.split()).replace('"', "”") + '"'
