"""How a fixture is validated: as ``polcoop validate FILE`` does, on the ontology, the vocabularies and one
small world.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pyoxigraph import Quad
from rdflib import Graph

from polcoop.iris import PREFIXES, shrink
from polcoop.quality.judging import NOTE_SHAPES
from polcoop.quality.material import derived
from polcoop.quality.report import ValidationReport, ValidationResult
from polcoop.quality.shacl import validate
from polcoop.sources.project import INSTANCES, ONTOLOGY, VOCABULARIES, Project
from polcoop.sources.turtle import Triples, read, read_graph, to_graph

WHOLE = "<https://w3id.org/polcoop/ontology>"
FIXTURES = Path(__file__).parent / "fixtures"
_EXPECT = re.compile(r"^# expect: (\S+) (\S+) (\S+)(?: (\S+))?(?: (\S+))?$", re.MULTILINE)

Finding = tuple[str, ...]
"""Focus node, shape, severity, path and value (empty for none), in compact IRIs; a blank node is ``[]``.

The value counts only where a shape asks once for the whole graph, and the focus node is the ontology.
"""


_PROSE = {
    f"{PREFIXES['skos']}{name}" for name in ("definition", "example", "scopeNote", "changeNote", "altLabel")
}


@dataclass(frozen=True)
class Harness:
    """The shapes and the background of a project, read once."""

    root: Path

    @cached_property
    def shapes(self) -> Graph:
        return read_graph(sorted((self.root / "shapes").glob("*.ttl")))

    @cached_property
    def general(self) -> Graph:
        """The shapes for anybody's data."""
        return read_graph(
            sorted(path for path in (self.root / "shapes").glob("*.ttl") if path.name != NOTE_SHAPES)
        )

    @cached_property
    def project(self) -> Project:
        return Project(self.root)

    @cached_property
    def known(self) -> list[Quad]:
        sources = [source for source in self.project.sources if source.graph in (ONTOLOGY, VOCABULARIES)]
        return [quad for source in sources for quad in read(source.path, source.graph)]

    @cached_property
    def background(self) -> Graph:
        return to_graph(self.known)

    @cached_property
    def structural(self) -> list[Quad]:
        """The background without its prose, at which neither shapes nor rules look for the sake of other
        nodes."""
        return [quad for quad in self.known if quad.predicate.value not in _PROSE]

    @cached_property
    def structure(self) -> Graph:
        return to_graph(self.structural)

    @cached_property
    def _structure(self) -> Triples:
        return Triples.of(self.structural)

    def given(self, *files: Path) -> list[Quad]:
        """What the files say, with what is computed from it."""
        said = [quad for file in files for quad in read(file, INSTANCES)]
        return [*said, *derived((*self.structural, *said), self.project.rules)]

    def data(self, *files: Path) -> Graph:
        return to_graph(self.given(*files))

    def validate(self, *files: Path) -> ValidationReport:
        given = self.given(FIXTURES / "world.ttl", *files)
        return validate(Triples.of(given), self.shapes, self._structure)


def findings(report: ValidationReport) -> set[Finding]:
    """The results of a report as they are written in a fixture."""
    return {
        (_short(r.focus), _short(r.shape), r.severity.label, _short(r.path or ""), _asked_once(r))
        for r in report.results
    }


def expected(file: Path) -> set[Finding]:
    """The results that a failing fixture announces in its first lines."""
    return set(_EXPECT.findall(file.read_text("utf-8")))


def _asked_once(result: ValidationResult) -> str:
    return _short(result.value or "") if result.focus == WHOLE else ""


def _short(term: str) -> str:
    return "[]" if term.startswith("_:") else re.sub(r"<([^<>]+)>", lambda match: shrink(match[1]), term)
