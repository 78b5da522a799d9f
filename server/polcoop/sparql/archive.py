"""Earlier versions of the dataset that are still on disk, each answered by an engine of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from polcoop.citation.provenance import DatasetVersion
from polcoop.errors import VersionNotKept
from polcoop.sources.dataset import Manifest, kept
from polcoop.sparql.engine import Dataset
from polcoop.sparql.local import Capacity, LocalEngine


def compiled(directory: Path, manifest: Manifest | None = None) -> Dataset:
    """Return the compiled dataset in the folder of its version.

    :raises SourceError: there is none, or it cannot be understood.
    """
    manifest = manifest or Manifest.load(directory)
    version = DatasetVersion(manifest.release, manifest.version)
    size = f"{sum(manifest.graphs.values()):,} triples in {len(manifest.graphs)} graphs"
    return Dataset(directory / "store", manifest.version, f"dataset {version}, {size}", manifest.release)


class Archive:
    """The newest ``most`` versions in the folder that ``polcoop compile`` writes (none without a folder).

    An engine is started when its version is first asked for, and stays: there are at most ``most``.
    """

    def __init__(self, out: Path | None, capacity: Capacity, *, most: int) -> None:
        self._out, self._capacity, self._most = out, capacity, most
        self._engines: dict[Path, LocalEngine] = {}
        self._starting = asyncio.Lock()

    def versions(self) -> list[DatasetVersion]:
        """Return the versions that are kept, the newest first."""
        return [DatasetVersion(manifest.release, manifest.version) for manifest in self._kept().values()]

    async def find(self, name: str) -> LocalEngine:
        """Return an engine over the newest version that ``name`` means (see :meth:`DatasetVersion.matches`).

        :raises VersionNotKept: there is none; the hint says which there are.
        :raises SourceError: its store cannot be opened.
        """
        versions = await asyncio.to_thread(self._kept)
        for folder, manifest in versions.items():
            if DatasetVersion(manifest.release, manifest.version).matches(name):
                return await self._engine(folder, manifest, set(versions))
        names = ", ".join(map(str, self.versions()))
        raise VersionNotKept(
            "the dataset version that is asked for is not kept here", hint=f"kept: {names or 'none'}"
        )

    async def aclose(self) -> None:
        """End all engines."""
        for engine in self._engines.values():
            await engine.aclose()
        self._engines.clear()

    def _kept(self) -> dict[Path, Manifest]:
        if self._out is None:
            return {}
        return dict(list(kept(self._out).items())[: self._most])

    async def _engine(self, folder: Path, manifest: Manifest, present: set[Path]) -> LocalEngine:
        async with self._starting:
            for gone in self._engines.keys() - present:
                await self._engines.pop(gone).aclose()
            if folder not in self._engines:
                engine = LocalEngine(compiled(folder, manifest), self._capacity)
                await engine.start()
                self._engines[folder] = engine
            return self._engines[folder]
