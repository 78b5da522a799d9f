"""From shapes to tests: does this focus node conform for certain?

pySHACL's own objects stand behind each test: they load and check the parameters, and those constraints that
look at one value at a time are asked of them, once for each value.  What is compiled here is what pySHACL
spends its time on: paths, classes, counts, and the way through shapes within shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.errors import ConstraintLoadWarning

from polcoop.quality.plans.components import Check, Components, Test, properties
from polcoop.quality.plans.index import Index
from polcoop.quality.plans.paths import route
from polcoop.quality.plans.queries import Questions
from polcoop.quality.plans.unplanned import UnplannedError

if TYPE_CHECKING:
    from pyshacl.graph_abstraction import DataGraph
    from pyshacl.pytypes import SHACLExecutor
    from pyshacl.shape import Shape
    from rdflib.term import Node

_DEEPEST: Final = 6
"""Shapes within shapes; pySHACL gives up at fifteen, and on a shape within itself after a few rounds."""


class Planner:
    """Compiles the shapes of one shapes graph for one index."""

    def __init__(self, index: Index, graph: DataGraph, executor: SHACLExecutor) -> None:
        self.index = index
        self._components = Components(index, graph, executor, self._inner)
        self._questions = Questions(index)
        self._known: dict[tuple[Node, int], Test] = {}

    def focuses(self, shape: Shape) -> set[int]:
        """The focus nodes of a shape (SHACL 2.1.3)."""
        index = self.index
        nodes, classes, implicit, objects_of, subjects_of = shape.target()  # type: ignore[no-untyped-call]
        found = set(map(index.number, nodes))
        for name in {*classes, *implicit}:
            found |= self._components.instances(name)
        for predicate in subjects_of:
            found |= index.forward.get(index.number(predicate), {}).keys()
        for predicate in objects_of:
            found |= index.backward(index.number(predicate)).keys()
        return found

    def suspects(self, shape: Shape, focuses: set[int]) -> set[int]:
        """The focus nodes that pySHACL has to look at: all that may not conform.

        :raises UnplannedError: the shape has no plan.
        """
        asked: set[int] = set()
        test = self._test(shape, (), lambda found: asked.update(self._questions.violators(found, focuses)))
        return asked | {focus for focus in focuses - asked if not _passes(test, focus)}

    def _inner(self, shape: Shape, above: tuple[Node, ...]) -> Test:
        """The test of a shape within a shape; it is exact, for its opposite may be wanted."""
        # The depth belongs to it: what is deep enough here is too deep further in.
        place = (shape.node, len(above))
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = self._test(shape, above, None)
        return found

    def _test(self, shape: Shape, above: tuple[Node, ...], ask: Callable[[Any], None] | None) -> Test:
        """The test of a shape; ``ask`` takes SPARQL constraints where the focus nodes are known."""
        if shape.deactivated:
            return lambda _: True
        custom = shape.find_custom_constraints()  # type: ignore[no-untyped-call]
        if shape.node in above or len(above) > _DEEPEST or custom:
            raise UnplannedError("recursion, depth or a custom component")
        checks: list[Check] = []
        for component in constraints(shape):
            name = type(component).__name__
            if name == "SPARQLBasedConstraint":
                if ask is None:
                    raise UnplannedError("a query within a shape")
                ask(component)
            elif name == "PropertyConstraintComponent" and ask and not shape.is_property_shape:
                tests = [self._test(inner, (*above, shape.node), ask) for inner in properties(component)]
                checks.append(_each(tests))
            else:
                checks.append(self._components.check(component, (*above, shape.node), inner=ask is None))
        if not shape.is_property_shape:
            return lambda focus: all(check(focus, (focus,)) for check in checks)
        values = route(self.index, shape.sg.graph, shape.path())  # type: ignore[no-untyped-call]

        def test(focus: int) -> bool:
            found = values(focus)
            return all(check(focus, found) for check in checks)

        return test


def constraints(shape: Shape) -> list[Any]:
    """The constraints of a shape as pySHACL loads them.

    :raises UnplannedError: it refuses one.
    """
    kinds = {
        CONSTRAINT_PARAMETERS_MAP[predicate]: None
        for predicate in shape.sg.graph.predicates(shape.node)
        if predicate in CONSTRAINT_PARAMETERS_MAP
    }
    found = []
    for kind in kinds:
        try:
            found.append(kind(shape))
        except ConstraintLoadWarning:
            continue
        except Exception as error:
            raise UnplannedError("refused") from error
    return found


def _each(tests: list[Test]) -> Check:
    def check(_: int, values: Collection[int]) -> bool:
        return all(test(value) for value in values for test in tests)

    return check


def _passes(test: Test, focus: int) -> bool:
    try:
        return test(focus)
    except Exception:  # noqa: BLE001 - whatever a constraint throws, pySHACL is to throw it again
        return False
