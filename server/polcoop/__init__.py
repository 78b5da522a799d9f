"""polcoop: an ontology and knowledge graph of police and judicial cooperation, the endpoint that serves it,
and a client.

>>> import polcoop
>>> data = polcoop.open()                                  # the packaged dataset, in process
>>> data = polcoop.connect("http://127.0.0.1:8000/sparql")  # or any SPARQL endpoint
>>> data.select("SELECT ?label { ?x skos:prefLabel ?label }", {"x": polcoop.iri("agent:fr")})

Importing this loads nothing but this file; what is named here is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module

# As the module typing has it, which alone takes longer to load than this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from polcoop.client import Connection, Row, Table, connect
    from polcoop.client import open_dataset as open  # noqa: A004
    from polcoop.client.periods import period
    from polcoop.errors import PolcoopError
    from polcoop.values import BlankNode, Iri, Text, Typed, iri

    __version__: str

__all__ = [
    "BlankNode", "Connection", "Iri", "PolcoopError", "Row", "Table", "Text", "Typed", "__version__",
    "connect", "iri", "load_ipython_extension", "open", "period",
]  # fmt: skip

_PLACES = {
    "Connection": "polcoop.client",
    "Row": "polcoop.client",
    "Table": "polcoop.client",
    "connect": "polcoop.client",
    "open": "polcoop.client:open_dataset",
    "period": "polcoop.client.periods",
    "PolcoopError": "polcoop.errors",
    **dict.fromkeys(("BlankNode", "Iri", "Text", "Typed", "iri"), "polcoop.values"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        value: object = version("polcoop")
    elif place := _PLACES.get(name):
        module, _, attribute = place.partition(":")
        value = getattr(import_module(module), attribute or name)
    else:
        raise AttributeError(f"module 'polcoop' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Add the cell magic ``%%sparql`` and its completion to IPython (called by ``%load_ext polcoop``)."""
    import_module("polcoop.client.magic").load(shell)
