"""The formats of a validation report, a module each: from plain values to text, knowing nothing of how they
came about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from polcoop.quality.writers import github, graph, jsonld, junit, markdown, sarif, table, text
from polcoop.quality.writers import json as json_format
from polcoop.quality.writers.presentation import Presentation

WRITERS: Final[Mapping[str, Callable[[Presentation], str]]] = MappingProxyType(
    {
        "text": text.write,
        "table": table.write,
        "turtle": graph.write,
        "jsonld": jsonld.write,
        "json": json_format.write,
        "sarif": sarif.write,
        "junit": junit.write,
        "github": github.write,
        "markdown": markdown.write,
    }
)
"""Name of a format to the function that writes it; each returns whole lines."""
