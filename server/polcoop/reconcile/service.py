"""The reconciliation service: what it says of itself, and its index, read anew when the data changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from polcoop import __version__
from polcoop.iris import BASE, ONTOLOGY, PREFIXES
from polcoop.reconcile import describing
from polcoop.reconcile.batches import MOST_QUERIES
from polcoop.reconcile.extending import SETTINGS
from polcoop.reconcile.index import Index
from polcoop.reconcile.reading import read_index
from polcoop.sparql.engine import Engine

_DEFAULT_TYPES: Final = (
    *(
        f"{ONTOLOGY}{name}"
        for name in ("Organisation", "Country", "Person", "Place", "InternationalInstrument")
    ),
    *(f"{ONTOLOGY}{name}" for name in ("Framework", "Event", "Programme", "Post", "Work")),
    f"{PREFIXES['skos']}Concept",
)
_PREVIEW_WIDTH: Final = 420
_PREVIEW_HEIGHT: Final = 260


class Reconciliation:
    """The service over ``engine``.  ``version`` names the data that the engine answers about at the moment;
    when it changes, the index is read again at the next request."""

    def __init__(self, engine: Engine, version: Callable[[], str]) -> None:
        self._engine, self._version = engine, version
        self._reading = asyncio.Lock()
        self._held: tuple[str, Index] | None = None

    async def index(self) -> Index:
        """Return the index of the current data; the first caller reads it, the others wait.

        :raises PolcoopError: the engine cannot answer; the next caller tries again.
        """
        async with self._reading:
            # Asked for before reading: data that changes meanwhile is read once more.
            version = self._version()
            if self._held is None or self._held[0] != version:
                self._held = version, await read_index(self._engine)
            return self._held[1]


def manifest(index: Index, base: str) -> dict[str, Any]:
    """The service manifest (0.2, section 3.1); ``base`` is the address of the server, without a slash at the
    end."""
    at = f"{base}/reconcile"
    return {
        "versions": ["0.2"],
        "name": "polcoop: international police and judicial cooperation",
        "identifierSpace": BASE,
        "schemaSpace": ONTOLOGY,
        "serviceVersion": __version__,
        "documentation": f"{base}/",
        "defaultTypes": [
            describing.kind(index, index.types[iri]) for iri in _DEFAULT_TYPES if iri in index.types
        ],
        "view": {"url": f"{at}/view?id={{{{id}}}}"},
        "preview": {
            "url": f"{at}/preview?id={{{{id}}}}",
            "width": _PREVIEW_WIDTH,
            "height": _PREVIEW_HEIGHT,
        },
        "suggest": {
            name: {
                "service_url": at,
                "service_path": f"/suggest/{name}",
                "flyout_service_path": f"/flyout/{name}?id=${{id}}",
            }
            for name in ("entity", "property", "type")
        },
        "extend": {
            "propose_properties": {"service_url": at, "service_path": "/properties"},
            "property_settings": SETTINGS,
        },
        "batchSize": MOST_QUERIES,
    }
