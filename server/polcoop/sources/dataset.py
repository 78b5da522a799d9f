"""The compiled dataset on disk: one N-Quads file, one engine store, one manifest, and which of them is
current.

    <out>/<version>/dataset.nq      sorted N-Quads
    <out>/<version>/store/          the same in a store of the engine, optimised
    <out>/<version>/documents/      ontology and shapes as documents, see polcoop.sources.documents
    <out>/<version>/manifest.json   see Manifest
    <out>/current                   symbolic link to the version that is served

A version is written under another name and renamed when it is whole, and ``current`` is replaced in one step,
so that a reader sees the old dataset or the new one, and a failed compile changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, Triple, serialize

from polcoop.errors import SourceError
from polcoop.iris import ONTOLOGY, PREFIXES
from polcoop.sources.derive import compute, infer
from polcoop.sources.documents import Document, documents, write_documents
from polcoop.sources.example import prefix_declarations
from polcoop.sources.project import Project, files
from polcoop.sources.statistics import statistics, version_statement
from polcoop.sources.turtle import read, read_all

Report = Callable[[str], None]
"""Told the name of each stage of a long piece of work as it begins."""

KEPT: Final = 3
"""Versions kept unless somebody says otherwise; a server that has just been told of a new version may still
start workers on the one before."""
# Seconds; no compile takes that long, so nobody is writing there any more.
_ABANDONED = 3600
_NAME_LENGTH = 16
_ONTOLOGY = NamedNode(ONTOLOGY.removesuffix("#"))
_VERSION_INFO = NamedNode(f"{PREFIXES['owl']}versionInfo")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a compiled dataset is.

    ``version`` is the SHA-256 of the sorted N-Quads, ``release`` the semantic version that the ontology
    states (``owl:versionInfo``; empty when it states none), ``sources`` the digest of all that they were
    computed from, ``graphs`` the number of quads of each named graph, ``created`` an ISO 8601 time in UTC.
    """

    version: str
    release: str
    sources: str
    graphs: dict[str, int]
    prefixes: dict[str, str]
    created: str

    @classmethod
    def load(cls, directory: Path) -> Manifest:
        """Read the manifest of a compiled dataset (``<out>/current``, or a version's folder).

        :raises SourceError: there is none, or it cannot be understood.
        """
        try:
            return cls(**json.loads((directory / "manifest.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise SourceError(
                f"{directory} holds no compiled dataset", hint="compile it first: polcoop compile"
            ) from error

    def save(self, directory: Path) -> None:
        """Write the manifest into ``directory``, replacing another in one step."""
        partial = directory / ".manifest.json"
        partial.write_text(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(directory / "manifest.json")


@dataclass(frozen=True, slots=True)
class Compilation:
    """The outcome of a compile: where the dataset is, its manifest, and whether anything had to be done."""

    directory: Path
    manifest: Manifest
    fresh: bool


def compile_project(
    project: Project, out: Path, report: Report = lambda _: None, *, keep: int = KEPT
) -> Compilation:
    """Compile ``project`` into ``out``, unless what is there was compiled from the same sources by the same
    code.

    :param keep: versions that stay, the new one included; older ones are removed.
    :raises SourceError: a source is missing, cannot be read or parsed (``ParseError``), or ``out`` cannot be
        written.
    """
    current = out / "current"
    standing = _standing(current)
    if standing and standing.sources == project.digest:
        return Compilation(current.resolve(), standing, fresh=False)
    quads = _described([*project_quads(project, report), *project.read_beside()])
    content = _sorted(quads)
    manifest = Manifest(
        version=hashlib.sha256(content).hexdigest(),
        release=_release(quads),
        sources=project.digest,
        graphs=dict(
            sorted(Counter(q.graph_name.value for q in quads if isinstance(q.graph_name, NamedNode)).items())
        ),
        prefixes=dict(PREFIXES),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    report("writing the dataset")
    try:
        directory = _publish(out, manifest, content, quads, documents(project))
        _prune(out, directory, keep)
    except OSError as error:
        raise SourceError(f"the dataset cannot be written to {out}: {error}") from error
    return Compilation(directory, manifest, fresh=True)


def project_quads(project: Project, report: Report = lambda _: None) -> list[Quad]:
    """Return all quads of a project, sources, computed and inferred, each triple in one graph only.

    A triple that two files state stays in the graph that is read first: the engine's union of the named
    graphs would answer with it twice, where SPARQL's default graph is a set.

    :raises SourceError: as :func:`compile_project`.
    """
    report(f"reading {len(project.sources)} files")
    quads = project.read()
    report("computing")
    quads += compute(quads, project.rules)
    report("inferring")
    quads += infer(quads)
    return _once(quads)


def _described(quads: Iterable[Quad]) -> list[Quad]:
    """Return ``quads`` with the prefixes of the example queries, what is counted of all that, and the release
    as the catalogue's version."""
    quads = _once(quads)
    quads += prefix_declarations(quads)
    return _once([*quads, *statistics(quads), *version_statement(_release(quads))])


def _once(quads: Iterable[Quad]) -> list[Quad]:
    first: dict[Triple, Quad] = {}
    for quad in quads:
        first.setdefault(quad.triple, quad)
    return list(first.values())


def load(paths: Iterable[Path], directory: Path) -> int:
    """Load RDF files, and those in folders, into a new engine store at ``directory``; return the number of
    quads.

    Triples outside any graph go to the store's default graph.  Relative IRIs are resolved against the file's
    own.

    :raises SourceError: a path does not exist, or a file cannot be read or parsed (``ParseError``, with its
        position).
    """
    quads = [
        q
        for part in read_all(files(paths), lambda path: read(path, base=path.resolve().as_uri()))
        for q in part
    ]
    write_store(directory, quads)
    return len(set(quads))


def _standing(current: Path) -> Manifest | None:
    whole = (current / name for name in ("store", "dataset.nq", "documents/index.json"))
    if not all(path.exists() for path in whole):
        return None
    try:
        return Manifest.load(current)
    except SourceError:
        # Written by another version of this program, or damaged: compiling anew puts it right.
        return None


def _release(quads: Iterable[Quad]) -> str:
    stated = {
        quad.object.value
        for quad in quads
        if quad.predicate == _VERSION_INFO and quad.subject == _ONTOLOGY and isinstance(quad.object, Literal)
    }
    return stated.pop() if len(stated) == 1 else ""


def _sorted(quads: Iterable[Quad]) -> bytes:
    buffer = BytesIO()
    serialize(quads, buffer, format=RdfFormat.N_QUADS)
    return b"".join(sorted(buffer.getvalue().splitlines(keepends=True)))


def _publish(
    out: Path, manifest: Manifest, content: bytes, quads: Iterable[Quad], texts: Iterable[Document]
) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    target = out / manifest.version[:_NAME_LENGTH]
    standing = _standing(target)
    if standing is not None and standing.version == manifest.version:
        # Only comments or layout changed: the data that stands is this very data, with its date.
        write_documents(texts, target / "documents")
        replace(standing, sources=manifest.sources).save(target)
    else:
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
        try:
            partial.chmod(0o755)
            (partial / "dataset.nq").write_bytes(content)
            write_store(partial / "store", quads)
            write_documents(texts, partial / "documents")
            manifest.save(partial)
            _install(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    _point(out / "current", target.name)
    return target.resolve()


def _install(partial: Path, target: Path) -> None:
    if _standing(target) is None:
        shutil.rmtree(target, ignore_errors=True)
    try:
        partial.rename(target)
    except OSError:
        # Another process has compiled the same in the meantime: one of the two is enough.
        if _standing(target) is None:
            raise


def write_store(directory: Path, quads: Iterable[Quad]) -> None:
    """Write ``quads`` into a new engine store at ``directory``, as the query workers open it."""
    store = Store(str(directory))
    store.bulk_extend(quads)
    store.optimize()
    store.flush()


def _point(link: Path, name: str) -> None:
    partial = Path(tempfile.mktemp(prefix=".current-", dir=link.parent))  # noqa: S306 - a link cannot be made of a file
    partial.symlink_to(name)
    partial.replace(link)


def _prune(out: Path, target: Path, keep: int) -> None:
    """Remove all but the newest versions, judged by when each was last written, and what a killed compile
    left."""
    for path in out.glob(".partial-*"):
        if time.time() - path.stat().st_mtime > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)
    for path in _folders(out)[keep:]:
        if path.resolve() != target:
            shutil.rmtree(path, ignore_errors=True)


def kept(out: Path) -> dict[Path, Manifest]:
    """Return the versions in ``out``, the newest first; what another program wrote is passed over."""
    return {path: standing for path in _folders(out) if (standing := _standing(path)) is not None}


def _folders(out: Path) -> list[Path]:
    """The versions' folders, the one last written first."""
    found = []
    for manifest in out.glob("*/manifest.json"):
        # One that is removed meanwhile is none.
        with contextlib.suppress(OSError):
            if not manifest.parent.is_symlink():
                found.append((manifest.stat().st_mtime, manifest.parent))
    return [path for _, path in sorted(found, reverse=True)]
