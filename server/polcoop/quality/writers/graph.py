"""The validation report as SHACL defines it (section 3.6), in Turtle: pySHACL's own, nothing added."""

from __future__ import annotations

from polcoop.iris import PREFIXES
from polcoop.quality.wording import visible
from polcoop.quality.writers.presentation import Presentation


def write(shown: Presentation) -> str:
    """The report graph in Turtle."""
    graph = shown.report.graph
    if graph is None:
        raise ValueError("this report was not made by a validator: it has no graph")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace, replace=True)
    return visible(graph.serialize(format="turtle")).strip("\n") + "\n"
