"""The validation report as SHACL defines it (section 3.6), in JSON-LD: pySHACL's own, nothing added."""

from __future__ import annotations

from polcoop.iris import PREFIXES
from polcoop.quality.wording import visible
from polcoop.quality.writers.presentation import Presentation


def write(shown: Presentation) -> str:
    """The report graph in JSON-LD; its context stands in it and is nowhere to be fetched from."""
    graph = shown.report.graph
    if graph is None:
        raise ValueError("this report was not made by a validator: it has no graph")
    used = {"sh": PREFIXES["sh"], "xsd": PREFIXES["xsd"]}
    return visible(graph.serialize(format="json-ld", context=used, indent=2)).strip("\n") + "\n"
