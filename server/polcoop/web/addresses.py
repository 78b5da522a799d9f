"""Paths on this server and the IRIs they stand for: ``https://w3id.org/polcoop`` and the path, both ways.

Pure functions; whether anything is known about an IRI is for the data to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from polcoop.formats import HTML, JSONLD, NTRIPLES, RDFXML, TURTLE, Format
from polcoop.iris import BASE

ROOT: Final = BASE.rstrip("/")
OFFERED: Final = (TURTLE, NTRIPLES, RDFXML, JSONLD, HTML)
"""What a resource is served as; the first one to whom does not care, who is no browser."""
ROOTS: Final = ("id", "concept", "ontology", "shapes", "graph", ".well-known/sparql-examples")
"""Where our IRIs begin; nothing else is looked up."""
DOCUMENTS: Final = ("ontology", "shapes")
"""Which of them are IRIs themselves."""

_ENDINGS: Final = {f".{choice.extension}": choice for choice in OFFERED}
# What RFC 3987 lets stand in a path, and the fragment's sign.
_KEPT: Final = "/#:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Address:
    """A path taken apart: the resource's own path, with its slash, and the format that the ending names."""

    path: str
    format: Format | None

    @property
    def iri(self) -> str:
        """The IRI that the path stands for."""
        return ROOT + self.path


def address(path: str) -> Address:
    """Take apart a path as the request has it, percent-encoding undone."""
    for ending, choice in _ENDINGS.items():
        if path.endswith(ending):
            return Address(path.removesuffix(ending), choice)
    return Address(path, None)


def path_of(iri: str) -> str | None:
    """Return the path, and fragment, at which this server answers for ``iri``, percent-encoded; None if it
    does not."""
    if not iri.startswith(BASE):
        return None
    path = iri.removeprefix(ROOT)
    if not any(path == f"/{root}" or path.startswith((f"/{root}/", f"/{root}#")) for root in ROOTS):
        return None
    return quote(path, safe=_KEPT)
