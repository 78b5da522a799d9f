"""SHACL Core and SHACL-SPARQL validation with pySHACL; the verdict is pySHACL's, only its presentation is
ours.

No triple is inferred, no ``owl:imports`` is followed and nothing is fetched: what is validated is exactly
what was passed in.  Specification: SHACL (W3C Recommendation, 20 July 2017).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from pyshacl.errors import ReportableRuntimeError
from pyshacl.graph_abstraction import DataGraph
from pyshacl.monkey import apply_patches, rdflib_bool_patch, rdflib_bool_unpatch
from pyshacl.shape import Shape
from pyshacl.validator import Validator
from rdflib import SH, Graph, URIRef
from rdflib.term import Node

from polcoop.errors import SourceError
from polcoop.quality.plans.affected import Affected
from polcoop.quality.plans.change import Before, Change, change
from polcoop.quality.plans.index import Index
from polcoop.quality.plans.planner import Planner
from polcoop.quality.plans.unplanned import UnplannedError
from polcoop.quality.plans.view import graph_of
from polcoop.quality.report import Location, ValidationReport
from polcoop.quality.results import TARGETS, Results, rules
from polcoop.quality.wording import short
from polcoop.sources.turtle import LocatedFile, Triples, to_graph

_NOBODY = URIRef("urn:x-polcoop:nobody")
_T = TypeVar("_T")
_Data = Graph | Triples


class ShapesError(SourceError):
    """The shapes themselves are ill-formed, so that nothing can be said about the data."""

    title = "Shapes refused"

    def __init__(self, detail: str, *, shape: str = "") -> None:
        super().__init__(detail)
        self.shape = shape
        """The targeting shape that has the mistake, as far as that is known."""
        self.place: Location | None = None
        """Where that stands; filled by whoever knows the files."""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.detail}" + (f" [{short(self.shape)}]" if self.shape.startswith("<") else "")


def validate(
    data: Graph | Triples,
    shapes: Graph,
    background: Graph | Triples | None = None,
    before: Before | None = None,
) -> ValidationReport:
    """Validate ``data`` against ``shapes``.

    ``background`` holds what is known but not judged (class hierarchy, concept schemes, other people's
    instances): with it, shapes look only at subjects of ``data``, at what it refers to but nobody describes,
    and at the nodes that they name themselves (``sh:targetNode``).  Neither graph is changed.

    The results are those that pySHACL finds; it is only asked about focus nodes that ``plans`` cannot tell to
    conform.

    ``before`` is an earlier state of both (which are Triples then): only nodes are looked at whose results
    may have changed since.  The results of a whole validation are those found, and those that the earlier
    state had for the nodes that are left out.

    :raises ShapesError: pySHACL refuses the shapes or one of their queries.
    """
    return _guarded(partial(_validate, data, shapes, background, before))


def shapes_graph(files: Iterable[LocatedFile]) -> Graph:
    """The shapes in ``files`` as one graph, in which literals are what they are spelt like, as pySHACL reads
    shapes: ``"1"^^xsd:boolean`` is not ``true``."""
    known = list(files)
    prefixes = {prefix: namespace for file in known for prefix, namespace in file.prefixes.items()}
    rdflib_bool_patch()  # type: ignore[no-untyped-call]
    try:
        return to_graph((quad for file in known for quad in file.quads), prefixes)
    finally:
        rdflib_bool_unpatch()  # type: ignore[no-untyped-call]


def _validate(
    data: _Data, shapes: Graph, background: _Data | None, before: Before | None
) -> ValidationReport:
    """What pySHACL's own ``validate`` does, but shape by shape, on the judged focus nodes only."""
    apply_patches()  # type: ignore[no-untyped-call]
    index = Index()
    own = _own(index, data, background)
    # What shapes name is judged wherever it is described, but it is no part of the data.
    named = set(map(index.number, shapes.objects(None, SH.targetNode)))
    judged = None if own is None else own | named
    view = graph_of(index, data)
    wrapped = DataGraph.from_rdflib(view)
    validator = Validator(wrapped, shacl_graph=shapes, options={"logger": logging.getLogger(__name__)})
    executor = validator.make_executor()
    planner = Planner(index, wrapped, executor)
    affected = None if before is None else Affected(index, _change(before, data, background))
    targets: dict[Node, set[int]] = {}
    looked: dict[Node, set[int]] = {}
    reports: list[tuple[Any, ...]] = []
    origins: dict[Node, Node] = {}
    conforms = True
    for shape in validator.shacl_graph.shapes:
        if shape.deactivated or not _has_target(shape, shapes):
            continue
        with _refusal(shape.node.n3()):
            found = planner.focuses(shape)
            targets[shape.node] = found if judged is None else found & judged
            chosen = looked[shape.node] = targets[shape.node]
            if affected is not None:
                chosen = looked[shape.node] = affected.among(shape, chosen)
            nodes = _suspects(planner, shape, chosen)
            if not nodes:
                continue
            fine, told = shape.validate(executor, wrapped, focus=nodes)
        if chosen:
            conforms = conforms and fine
            origins |= {node: shape.node for _, node, _ in told}
            reports.extend(told)
    graph, _ = Validator.create_validation_report(validator.shacl_graph, conforms, reports)
    idle = {shape for shape, found in targets.items() if not found}
    seen, all_ = (_among(own, set().union(*nodes.values())) for nodes in (looked, targets))
    return ValidationReport(
        conforms=conforms,
        results=Results(graph, shapes, view).read(origins),
        focus_nodes=len(seen),
        unaffected=len(all_ - seen),
        shapes=len(targets),
        idle_shapes=tuple(sorted(shape.n3() for shape in idle)),
        checked=tuple(sorted(shape.n3() for shape in targets.keys() - idle)),
        rules=rules(shapes),
        graph=graph,
    )


def _has_target(shape: Shape, shapes: Graph) -> bool:
    if any((shape.node, target, None) in shapes for target in TARGETS):
        return True
    return bool(shape.implicit_class_targets())  # type: ignore[no-untyped-call]


def _change(before: Before, data: _Data, background: _Data | None) -> Change:
    if isinstance(data, Graph) or isinstance(background, Graph):
        raise TypeError("what changed is told of Triples")
    return change(before, data, background)


def _suspects(planner: Planner, shape: Shape, focuses: set[int]) -> list[Node]:
    """The focus nodes that pySHACL is to look at.  A shape without a plan and without focus nodes looks at
    nobody, so that its mistakes come to light all the same."""
    try:
        return [planner.index.node(focus) for focus in planner.suspects(shape, focuses)]
    except UnplannedError:
        return [planner.index.node(focus) for focus in focuses] or [_NOBODY]


def _own(index: Index, data: _Data, background: _Data | None) -> set[int] | None:
    """Fill the index; return the subjects of ``data`` and what it refers to and nothing describes: None for
    all."""
    mentioned = index.add(data)
    if background is None:
        return None
    known = index.add(background)
    return mentioned.subjects | (mentioned.objects - known.subjects)


def _among(own: set[int] | None, nodes: set[int]) -> set[int]:
    return nodes if own is None else nodes & own


@contextmanager
def _refusal(shape: str = "") -> Iterator[None]:
    """What pySHACL throws at an ill-formed ``shape`` becomes a ShapesError."""
    try:
        yield
    except ShapesError:
        raise
    except ReportableRuntimeError as error:
        raise ShapesError(str(error.args[0]), shape=shape) from error
    except Exception as error:
        # pySHACL hands the exceptions of rdflib, pyparsing and re through, and rdflib raises plain Exception
        # for an unknown prefix in a sh:select: nothing narrower catches every ill-formed shape.
        raise ShapesError(f"{type(error).__name__}: {error}".removesuffix(": "), shape=shape) from error


def _guarded(action: Callable[[], _T]) -> _T:
    """Run ``action`` on pySHACL with its log silenced; what it throws at ill-formed shapes becomes a
    ShapesError.
    """
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), _refusal():
            warnings.simplefilter("ignore")
            return action()
    finally:
        logging.disable(previous)
