"""The documents of the compiled dataset: ontology, shapes, their modules, as the compiler wrote them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from polcoop.errors import NotAcceptable, SourceError
from polcoop.formats import NOT_XML, RDFXML, Format
from polcoop.iris import GRAPHS
from polcoop.sparql.engine import Dataset

_GRAPHS: Final = {"ontology": "ontology", "shapes": "shapes", "ontology/alignments": "alignments"}


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its path below the base IRI, without a slash before it, and the IRIs it describes, in
    order."""

    path: str
    subjects: tuple[str, ...]
    folder: Path

    @property
    def graph(self) -> str:
        """IRI of the named graph that its triples are in."""
        longest = max((key for key in _GRAPHS if f"{self.path}/".startswith(f"{key}/")), key=len)
        return GRAPHS + _GRAPHS[longest]

    def content(self, file_format: Format) -> bytes:
        """The document in one of the formats of graphs.

        :raises SourceError: the dataset has been removed in the meantime.
        :raises NotAcceptable: the format cannot carry it.
        """
        try:
            content = (self.folder / f"{self.path}.{file_format.extension}").read_bytes()
        except OSError as error:
            raise SourceError("the document cannot be read: the dataset has gone") from error
        if file_format is RDFXML and NOT_XML.search(content):
            raise NotAcceptable(
                "the document holds characters or predicates that XML cannot carry; ask for another format"
            )
        return content


def has_documents(dataset: Dataset) -> bool:
    """Whether it is a compiled project, and not any files."""
    return _index(dataset).is_file()


def find_document(dataset: Dataset, path: str) -> Document | None:
    """Return the document at a path below the base IRI, if the dataset has one there.

    What a client sends is only looked up in the index; it never becomes the name of a file.
    """
    try:
        index = json.loads(_index(dataset).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    folder = _index(dataset).parent
    return Document(path, tuple(index[path]), folder) if path in index else None


def _index(dataset: Dataset) -> Path:
    return dataset.store.parent / "documents" / "index.json"
