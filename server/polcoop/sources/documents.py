"""The documents that a hash IRI leads to: the ontology, the shapes, and each module of either as it was
written.

    documents/<path>.ttl .nt .jsonld .rdf    the document whose IRI is the project's base and <path>
    documents/index.json                     <path> to the IRIs that the document describes, in its order
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from polcoop.errors import SourceError
from polcoop.iris import BASE, PREFIXES
from polcoop.sources.project import ALIGNMENTS, ONTOLOGY, SHAPES, Project
from polcoop.sources.turtle import parse_quads, read_all

_WHOLES: Final = {"ontology": ONTOLOGY, "shapes": SHAPES}
"""Path of a document that is made of several files, and the graph that these fill."""
_HEADER: Final = NamedNode(PREFIXES["owl"] + "Ontology")
_TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
_DECLARATION: Final = re.compile(r"@prefix .+ \.\n")
_FORMATS: Final = {
    ".nt": RdfFormat.N_TRIPLES,
    ".jsonld": RdfFormat.JSON_LD,
    ".rdf": RdfFormat.RDF_XML,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document: ``path`` below the project's base IRI, its Turtle, its triples."""

    path: str
    text: str
    triples: Sequence[Triple]

    @property
    def subjects(self) -> list[str]:
        """The IRIs that it describes, in its order."""
        return list(dict.fromkeys(t.subject.value for t in self.triples if isinstance(t.subject, NamedNode)))

    @property
    def iri(self) -> str | None:
        """The IRI of the ontology that its header is of; None if it has no header."""
        headers = (t.subject for t in self.triples if t.predicate == _TYPE and t.object == _HEADER)
        return next((header.value for header in headers if isinstance(header, NamedNode)), None)


def documents(project: Project) -> list[Document]:
    """Return the documents of a project, the wholes first.

    :raises SourceError: a file cannot be read or parsed.
    """
    files = [source for source in (*project.sources, *project.beside) if source.graph in _KEPT]
    parts = dict(zip(files, read_all((file.path for file in files), _document), strict=True))
    wholes = [
        _joined(path, [part for file, part in parts.items() if file.graph == graph])
        for path, graph in _WHOLES.items()
        if any(file.graph == graph for file in files)
    ]
    taken = {whole.path for whole in wholes}
    return wholes + [part for part in parts.values() if part.path and part.path not in taken]


_KEPT: Final = frozenset({*_WHOLES.values(), ALIGNMENTS})


def _document(path: Path) -> Document:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    triples = [quad.triple for quad in parse_quads(content, RdfFormat.TURTLE, str(path))]
    read = Document("", content.decode("utf-8-sig"), triples)
    iri = read.iri or ""
    return Document(iri.removeprefix(BASE) if iri.startswith(BASE) else "", read.text, triples)


def _joined(path: str, parts: Iterable[Document]) -> Document:
    """One document of several: their declarations once, then their bodies, comments included."""
    # The header of the whole first, if one of them has it.
    parts = sorted(parts, key=lambda part: part.path != path)
    declared = {line for part in parts for line in _DECLARATION.findall(part.text)}
    bodies = (_DECLARATION.sub("", part.text).strip() for part in parts)
    text = "".join(sorted(declared)) + "\n" + "\n\n".join(bodies) + "\n"
    return Document(path, text, [triple for part in parts for triple in part.triples])


def write_documents(texts: Iterable[Document], directory: Path) -> None:
    """Write ``texts`` and their index into a folder, each file in one step, so that what is served from it
    stays whole.

    :raises OSError: it cannot be written.
    """
    index = {}
    for document in texts:
        index[document.path] = document.subjects
        for ending, content in _contents(document):
            _write(directory / f"{document.path}{ending}", content)
    _write(directory / "index.json", json.dumps(index, indent=1).encode() + b"\n")


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}")
    partial.write_bytes(content)
    partial.replace(target)


def _contents(document: Document) -> Iterator[tuple[str, bytes]]:
    yield ".ttl", document.text.encode()
    prefixes = {name: namespace for name, namespace in PREFIXES.items() if namespace in document.text}
    for ending, file_format in _FORMATS.items():
        yield ending, serialize(document.triples, format=file_format, prefixes=prefixes) or b""
