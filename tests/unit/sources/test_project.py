"""Which files are meant by the paths that a user names."""

from __future__ import annotations

from pathlib import Path

import pytest

from polcoop.errors import SourceError
from polcoop.sources.project import files


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(*paths: Path, within: Path) -> list[str]:
    return [file.relative_to(within).as_posix() for file in files(paths)]


def test_folders_are_searched_and_each_file_comes_once(tmp_path: Path) -> None:
    put(tmp_path, "b.ttl", "a/c.NT", "a/notes.txt")
    assert found(tmp_path / "b.ttl", tmp_path, within=tmp_path) == ["b.ttl", "a/c.NT"]


def test_what_is_hidden_in_a_folder_is_not_searched(tmp_path: Path) -> None:
    """An environment in ``.venv`` is full of other people's ontologies."""
    put(tmp_path, "a.ttl", ".venv/lib/shacl.ttl", "sub/.cache/x.ttl", "sub/.x.ttl")
    assert found(tmp_path, within=tmp_path) == ["a.ttl"]


def test_what_is_hidden_can_be_named(tmp_path: Path) -> None:
    put(tmp_path, ".data/a.ttl", ".data/.b.ttl")
    assert found(tmp_path / ".data", tmp_path / ".data" / ".b.ttl", within=tmp_path) == [
        ".data/a.ttl", ".data/.b.ttl",
    ]  # fmt: skip


def test_a_folder_without_rdf_is_refused(tmp_path: Path) -> None:
    put(tmp_path, ".venv/lib/shacl.ttl", "notes.txt")
    with pytest.raises(SourceError, match="no RDF file"):
        list(files([tmp_path]))
