"""Where in which file the cause of each result stands.

The offending triple where there is one; for something missing, the subject of the focus node; for what was
computed, the triple that it was computed from.  Terms are compared in N-Triples notation, as in results.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rdflib import SH, Literal, URIRef

from polcoop.iris import ONTOLOGY, PREFIXES
from polcoop.quality.report import Location, Rule, ValidationReport, ValidationResult
from polcoop.quality.wording import iris
from polcoop.sources.turtle import quiet

if TYPE_CHECKING:
    from polcoop.sources.places import Span
    from polcoop.sources.turtle import LocatedFile

_REACH: Final = 5000
"""Triples looked at, at most, from a focus node to a value along a path."""
_MISSING: Final = {
    c.n3()
    for c in (
        SH.MinCountConstraintComponent,
        SH.QualifiedMinCountConstraintComponent,
        SH.HasValueConstraintComponent,
    )
}
_TOO_MANY: Final = {
    c.n3()
    for c in (
        SH.MaxCountConstraintComponent,
        SH.QualifiedMaxCountConstraintComponent,
        SH.UniqueLangConstraintComponent,
    )
}
_QUERY: Final = SH.SPARQLConstraintComponent.n3()
_STRING: Final = f"{PREFIXES['xsd']}string"

Entry = tuple[int, int]
"""Number of the file, number of the quad in it."""


def _own(name: str) -> str:
    return f"<{ONTOLOGY}{name}>"


_SOURCES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    # Computed predicate -> routes to what it was computed from; "^" goes from object to subject.
    _own("earliest"): ((_own("edtf"),),),
    _own("latest"): ((_own("edtf"),),),
    _own("modality"): (("^" + _own("establishes"), _own("modality")),),
    _own("isHedged"): ((_own("modality"),), ("^" + _own("establishes"), _own("modality"))),
    _own("partyStructure"): ((_own("hasParty"),),),
    _own("instrumentDate"): (("^" + _own("actsOn"), _own("edtf")),),
    _own("instrumentYear"): (("^" + _own("actsOn"), _own("edtf")),),
    _own("about"): tuple((_own(name),) for name in ("establishes", "claimSubject", "claimObject")),
    _own("restsOnWork"): ((_own("restsOn"), _own("citesWork")), (_own("restsOn"),)),
}


class Locator:
    """Finds triples in files; of several places the one in the file that was passed first."""

    def __init__(self, files: Sequence[LocatedFile]) -> None:
        self._files = files

    @cached_property
    def _by_subject(self) -> dict[str, list[Entry]]:
        return self._index("subject")

    @cached_property
    def _by_object(self) -> dict[str, list[Entry]]:
        return self._index("object")

    @cached_property
    def _by_predicate(self) -> dict[str, list[Entry]]:
        return self._index("predicate")

    def _index(self, role: str) -> dict[str, list[Entry]]:
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for number, file in enumerate(self._files):
            for row, quad in enumerate(file.quads):
                found[str(getattr(quad, role))].append((number, row))
        return found

    def subject(self, node: str) -> Location | None:
        """The first place where something is said of ``node``; for one that nothing is said of, where it is
        referred to."""
        for entry in self._by_subject.get(node, ()):
            if place := self._at(entry, "subject"):
                return place
        return self._first(self._by_object.get(node, ()), "object") or self._up(node)

    def result(self, found: ValidationResult) -> Location | None:
        """The place of a result's cause."""
        path = tuple(iris(found.path or ""))
        if found.value is not None and (found.path or found.value != found.focus):
            return (
                self._value(found.focus, found.path or "", found.value)
                or self._computed(found.focus, path, found.value)
                or self._asked_once(found, path, found.value)
                or self.subject(found.focus)
                or self._elsewhere(path, found.value)
            )
        if path and found.component not in _MISSING:
            entries = [e for e in self._by_subject.get(found.focus, ()) if self._predicate(e) == path[0]]
            # Of too many, the last one is the one too much; which of several it is else, nobody says.
            known = len(entries) == 1 or found.component in _TOO_MANY
            where = (entries[-1:], "object") if known else (entries, "predicate")
            if place := self._first(*where):
                return place
        return self.subject(found.focus)

    def _value(self, focus: str, route: str, value: str) -> Location | None:
        """The triple that ends in ``value`` when one goes from ``focus`` along the predicates of a path;
        without a path, along any one triple."""
        path, marks = set(iris(route)), re.sub(r"<[^<>]*>", "", route)
        further = len(path) > 1 or "*" in marks or "+" in marks
        seen, waiting, looked = {focus}, deque([focus]), 0
        while waiting and looked < _REACH:
            for entry, end, role in self._steps(waiting.popleft(), marks):
                looked += 1
                if path and self._predicate(entry) not in path:
                    continue
                if end == value and (place := self._at(entry, role)):
                    return place
                if further and end not in seen and not end.startswith('"'):
                    seen.add(end)
                    waiting.append(end)
        return None

    def _steps(self, node: str, marks: str) -> Iterator[tuple[Entry, str, str]]:
        """Triples at ``node`` with their other end: backwards only where the path has an inverse step."""
        if marks != "^":
            for entry in self._by_subject.get(node, ()):
                yield entry, self._object(entry), "object"
        if "^" in marks:
            for entry in self._by_object.get(node, ()):
                yield entry, self._subject(entry), "subject"

    def _computed(self, focus: str, path: Sequence[str], value: str | None) -> Location | None:
        """What a triple was computed from; without ``value``, any with the focus node and the path."""
        for predicate in path:
            for route in _SOURCES.get(predicate, ()):
                if place := self._route([focus], route):
                    return place
            if place := self._claimed(focus, predicate, value):
                return place
        return None

    def _route(self, nodes: list[str], route: Sequence[str]) -> Location | None:
        entries: list[Entry] = []
        for step in route:
            back = step.startswith("^")
            index = self._by_object if back else self._by_subject
            entries = [
                e for n in nodes for e in index.get(n, ()) if self._predicate(e) == step.removeprefix("^")
            ]
            nodes = [self._subject(e) if back else self._object(e) for e in entries]
        return self._first(entries, "object")

    def _claimed(self, focus: str, predicate: str, value: str | None) -> Location | None:
        """Where a claim states of ``focus`` what became a direct triple."""
        for entry in self._by_object.get(focus, ()):
            if self._predicate(entry) != _own("claimSubject"):
                continue
            said = {self._predicate(e): e for e in self._by_subject.get(self._subject(entry), ())}
            stated = said.get(_own("claimPredicate"))
            thing = said.get(_own("claimObject")) or said.get(_own("claimValue"))
            if not stated or not thing or self._object(stated) != predicate:
                continue
            if value is None or self._object(thing) == value:
                return self._at(thing, "object")
        return None

    def _asked_once(self, found: ValidationResult, path: Sequence[str], value: str) -> Location | None:
        """For a query that asks once for the whole graph, of a focus node that only stands for it: what the
        value says by the path, what that was computed from, then the value."""
        if found.component != _QUERY or not path or self._says(found.focus, path):
            return None
        return (
            self._first(self._says(value, path), "predicate")
            or self._computed(value, path, None)
            or self._first(self._by_subject.get(value, ()), "subject")
        )

    def _says(self, node: str, path: Sequence[str]) -> list[Entry]:
        """The triples of a node with a predicate of the path."""
        return [entry for entry in self._by_subject.get(node, ()) if self._predicate(entry) in path]

    def _elsewhere(self, path: Sequence[str], value: str) -> Location | None:
        """For a focus node that stands nowhere: the value, then the first use of the path."""
        used = [e for p in path for e in self._by_predicate.get(p, ())]
        return self.subject(value) or self._first(used, "predicate")

    def _up(self, node: str) -> Location | None:
        """The line of what holds a blank node that has no place of its own."""
        seen: set[str] = set()
        while node.startswith("_:") and node not in seen:
            seen.add(node)
            entries = self._by_object.get(node, ())
            if not entries:
                return None
            node = self._subject(entries[0])
            if place := self._first(self._by_subject.get(node, ()), "subject"):
                return place
        return None

    def _first(self, entries: Iterable[Entry], role: str) -> Location | None:
        return next((place for entry in entries if (place := self._at(entry, role))), None)

    def _at(self, entry: Entry, role: str) -> Location | None:
        file = self._files[entry[0]]
        place = file.places[entry[1]]
        if place is None:
            return None
        span: Span = getattr(place, role)
        return Location(str(file.path), span.start.line, span.start.column, span.end.line, span.end.column)

    def _subject(self, entry: Entry) -> str:
        return str(self._files[entry[0]].quads[entry[1]].subject)

    def _predicate(self, entry: Entry) -> str:
        return str(self._files[entry[0]].quads[entry[1]].predicate)

    def _object(self, entry: Entry) -> str:
        """The object as rdflib writes it, which the terms of results are compared with."""
        thing = self._files[entry[0]].quads[entry[1]].object
        text = str(thing)
        if not text.startswith('"'):
            return text
        language, datatype = getattr(thing, "language", None), getattr(thing, "datatype", None)
        kind = getattr(datatype, "value", _STRING)
        return Literal(
            getattr(thing, "value", ""),
            lang=language,
            datatype=None if language or kind == _STRING else URIRef(kind),
        ).n3()


def located(
    report: ValidationReport, data: Sequence[LocatedFile], shapes: Sequence[LocatedFile]
) -> ValidationReport:
    """The report with a place for each result and each rule, sorted by severity and place.

    ``data`` are the files that were judged, then those of the background; what stands in none of them keeps
    no place.
    """
    if not report.results:
        return report
    there, rules = Locator(data), Locator(shapes)
    results = []
    with quiet():
        for result in report.results:
            shape = rules.subject(result.shape) or rules.subject(result.rule)
            results.append(replace(result, location=there.result(result), related=shape))
    results.sort(key=_order)
    told: dict[str, Rule] = {
        key: replace(rule, location=rules.subject(rule.iri)) if key in {r.rule for r in results} else rule
        for key, rule in report.rules.items()
    }
    return replace(report, results=tuple(results), rules=told)


def _order(result: ValidationResult) -> tuple[int, str, int, int, str, str]:
    place = result.location or Location("", 0)
    return (
        -result.severity.rank,
        place.source,
        place.line,
        place.column or 0,
        result.shape,
        result.value or "",
    )
