"""The tests of single constraints: whether the value nodes of a focus node meet one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, Final

from rdflib import RDF, RDFS, URIRef
from rdflib.term import Node

from polcoop.quality.plans.index import Index
from polcoop.quality.plans.paths import listed, route
from polcoop.quality.plans.unplanned import UnplannedError

if TYPE_CHECKING:
    from pyshacl.graph_abstraction import DataGraph
    from pyshacl.pytypes import SHACLExecutor
    from pyshacl.shape import Shape

Test = Callable[[int], bool]
"""Whether a node conforms to a shape."""
Check = Callable[[int, Collection[int]], bool]
"""Whether a focus node with these value nodes meets a constraint."""
Inner = Callable[["Shape", tuple[Node, ...]], Test]
"""The test of a shape, given the shapes that it stands in."""

_SINGLY: Final = frozenset({
    "Datatype", "NodeKind", "MinExclusive", "MinInclusive", "MaxExclusive", "MaxInclusive", "MinLength",
    "MaxLength", "Pattern", "LanguageIn",
})  # fmt: skip
"""Constraints that judge each value for itself, whoever it is a value of."""


class Components:
    """Compiles the constraints of shapes for one index."""

    def __init__(self, index: Index, graph: DataGraph, executor: SHACLExecutor, inner: Inner) -> None:
        self._index = index
        self._graph = graph
        self._executor = executor
        self._inner = inner
        self._types = index.number(RDF.type)
        self._subclasses = index.number(RDFS.subClassOf)
        self._members: dict[Node, set[int]] = {}

    def instances(self, name: Node) -> set[int]:
        """The nodes of a class or of one below it; only read, for it is remembered."""
        found = self._members.get(name)
        if found is None:
            number = self._index.number(name)
            found = self._members[name] = self._index.instances(number, self._types, self._subclasses)
        return found

    def check(self, component: Any, above: tuple[Node, ...], *, inner: bool) -> Check:
        """The test of a constraint as pySHACL loaded it; ``inner`` when a shape within a shape has it.

        :raises UnplannedError: it has no plan.
        """
        short = type(component).__name__.removesuffix("ConstraintComponent")
        if short in _SINGLY:
            return self._singly(component)
        makers = {
            "MinCount": self._least, "MaxCount": self._most, "Class": self._class, "In": self._among,
            "HasValue": self._has, "UniqueLang": self._languages, "Equals": self._equal,
            "Disjoint": self._disjoint, "Closed": self._closed,
        }  # fmt: skip
        nested = {
            "Node": self._node, "Property": self._property, "Not": self._not, "And": self._and,
            "Or": self._or, "Xone": self._xone, "QualifiedValueShape": self._qualified,
        }  # fmt: skip
        if short in makers:
            return makers[short](component)
        if short in nested:
            return nested[short](component, above)
        # pySHACL throws at values that cannot be compared in any branch of a sh:or; tests stop at the first.
        if short in ("LessThan", "LessThanOrEquals") and not inner:
            return self._ordered(component)
        raise UnplannedError(short)

    def _singly(self, component: Any) -> Check:
        evaluate, graph, executor, index = component.evaluate, self._graph, self._executor, self._index
        try:
            # Some parameters are only read now.
            evaluate(executor, graph, {}, [])
        except Exception as error:
            raise UnplannedError("refused") from error
        # Only the verdict is wanted; what pySHACL says about it takes ten times as long.
        component.make_v_result = lambda *_, **__: None
        known: dict[int, bool] = {}

        def fine(value: int) -> bool:
            found = known.get(value)
            if found is None:
                node = index.node(value)
                found = known[value] = evaluate(executor, graph, {node: {node}}, [])[0]
            return found

        return lambda _, values: all(fine(value) for value in values)

    def _least(self, component: Any) -> Check:
        least = int(component.min_count.value)
        return lambda _, values: len(values) >= least

    def _most(self, component: Any) -> Check:
        most = int(component.max_count.value)
        return lambda _, values: len(values) <= most

    def _class(self, component: Any) -> Check:
        members = list(map(self.instances, component.class_rules))
        return lambda _, values: all(value in group for group in members for value in values)

    def _among(self, component: Any) -> Check:
        allowed = set(map(self._index.number, component.in_vals))
        return lambda _, values: all(value in allowed for value in values)

    def _has(self, component: Any) -> Check:
        wanted = set(map(self._index.number, component.has_value_set))
        return lambda _, values: all(value in values for value in wanted)

    def _languages(self, component: Any) -> Check:
        if True not in component.string_rules:
            return lambda *_: True
        keys = self._index.keys

        def check(_: int, values: Collection[int]) -> bool:
            tags = [tag for value in values if (tag := _language(keys[value]))]
            return len(tags) == len(set(tags))

        return check

    def _equal(self, component: Any) -> Check:
        routes = self._compared(component)
        return lambda focus, values: all(set(values) == set(other(focus)) for other in routes)

    def _disjoint(self, component: Any) -> Check:
        routes = self._compared(component)
        return lambda focus, values: all(set(values).isdisjoint(other(focus)) for other in routes)

    def _ordered(self, component: Any) -> Check:
        routes, index = self._compared(component), self._index

        def check(focus: int, values: Collection[int]) -> bool:
            # A blank node is refused even where there is nothing to compare it with.
            blank = any(index.keys[value][0] == "_" for value in values)
            if not values or not (blank or any(other(focus) for other in routes)):
                return True
            pair = {index.node(focus): {index.node(value) for value in values}}
            return bool(component.evaluate(self._executor, self._graph, pair, [])[0])

        return check

    def _compared(self, component: Any) -> list[Callable[[int], Collection[int]]]:
        graph = component.shape.sg.graph
        if not all(isinstance(node, URIRef) for node in component.property_compare_set):
            raise UnplannedError("compared with no property")
        return [route(self._index, graph, node) for node in component.property_compare_set]

    def _closed(self, component: Any) -> Check:
        if not component.is_closed:
            return lambda *_: True
        index = self._index
        paths = {_path(other(component.shape, node)) for node in component.property_shapes}
        allowed = set(map(index.number, (component.ignored_props | paths) - {None}))
        resource = (self._types, index.number(RDFS.Resource))

        def check(_: int, values: Collection[int]) -> bool:
            said = (pair for value in values for pair in index.outgoing(value))
            return all(pair[0] in allowed or pair == resource for pair in said)

        return check

    def _node(self, component: Any, above: tuple[Node, ...]) -> Check:
        found = [other(component.shape, node) for node in component.node_shapes]
        if any(shape.is_property_shape for shape in found):
            raise UnplannedError("not a node shape")
        return _every([self._inner(shape, above) for shape in found])

    def _property(self, component: Any, above: tuple[Node, ...]) -> Check:
        return _every([self._inner(shape, above) for shape in properties(component)])

    def _not(self, component: Any, above: tuple[Node, ...]) -> Check:
        tests = [self._inner(other(component.shape, node), above) for node in component.not_list]
        return lambda _, values: not any(test(value) for test in tests for value in values)

    def _and(self, component: Any, above: tuple[Node, ...]) -> Check:
        return _every([test for group in self._lists(component, component.and_list, above) for test in group])

    def _or(self, component: Any, above: tuple[Node, ...]) -> Check:
        groups = self._lists(component, component.or_list, above)
        return lambda _, values: all(
            any(test(value) for test in group) for group in groups for value in values
        )

    def _xone(self, component: Any, above: tuple[Node, ...]) -> Check:
        groups = self._lists(component, component.xone_nodes, above)
        return lambda _, values: all(
            sum(test(value) for test in group) == 1 for group in groups for value in values
        )

    def _lists(self, component: Any, heads: Iterable[Node], above: tuple[Node, ...]) -> list[list[Test]]:
        shape = component.shape
        return [
            [self._inner(other(shape, node), above) for node in listed(shape.sg.graph, head, least=1)]
            for head in heads
        ]

    def _qualified(self, component: Any, above: tuple[Node, ...]) -> Check:
        if component.is_disjoint:
            raise UnplannedError("disjoint siblings")
        tests = [self._inner(other(component.shape, node), above) for node in component.value_shapes]
        least = component.min_count
        most = component.max_count

        def check(_: int, values: Collection[int]) -> bool:
            counts = [sum(test(value) for value in values) for test in tests]
            return all((least is None or n >= least) and (most is None or n <= most) for n in counts)

        return check


def properties(component: Any) -> list[Shape]:
    """The property shapes of a sh:property constraint.

    :raises UnplannedError: one is none.
    """
    found = [other(component.shape, node) for node in component.property_shapes]
    if not all(shape.is_property_shape for shape in found):
        raise UnplannedError("not a property shape")
    return found


def other(shape: Shape, node: Node) -> Shape:
    """The shape that a shape refers to.

    :raises UnplannedError: there is none.
    """
    if shape.sg.is_filtered_out_shape(node):
        raise UnplannedError("a shape left out")
    found: Shape | None = shape.get_other_shape(node)  # type: ignore[no-untyped-call]
    if found is None:
        raise UnplannedError("no such shape")
    return found


def _path(shape: Shape) -> Node | None:
    return shape.path()  # type: ignore[no-any-return, no-untyped-call]


def _every(tests: list[Test]) -> Check:
    return lambda _, values: all(test(value) for value in values for test in tests)


def _language(key: str) -> str:
    """The language tag of a literal, empty for anything else."""
    if key[0] != '"' or key[-1] in '">':
        return ""
    return key[key.rfind("@") + 1 :]
