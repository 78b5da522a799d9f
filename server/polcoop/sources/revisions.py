"""Revisions of a project under git, laid out in a folder of their own; work tree and index stay untouched."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from polcoop.errors import ParseError, SourceError, UsageError
from polcoop.sources.turtle import FORMATS

FOLDERS: Final = ("instances", "ontology", "queries", "shapes")
"""What a revision is compared by."""

# A hook's environment names the repository that the hook runs in, which need not be the project's.
_INHERITED: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit: ``name`` is what the user called it, ``commit`` its full hash."""

    name: str
    commit: str

    def __str__(self) -> str:
        short = self.commit[:7]
        return self.name if self.commit.startswith(self.name) else f"{self.name} ({short})"


def resolve(root: Path, name: str) -> Revision:
    """Return the commit that ``name`` (branch, tag, hash, ``HEAD~1`` …) stands for in the repository around
    ``root``.

    :raises UsageError: there is no git, no repository or no such commit.
    """
    if ".." in name:
        raise UsageError(
            f"'{name}' is a range, not a revision",
            hint='what a branch adds is since "$(git merge-base main HEAD)"',
        )
    _git(root, "rev-parse", "--git-dir")
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except UsageError:
        raise UsageError(
            f"git knows no revision '{name}'",
            hint="a shallow clone lacks the history: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0",
        ) from None
    return Revision(name, commit.strip())


@contextmanager
def checked_out(root: Path, revision: Revision) -> Iterator[Path]:
    """Yield a temporary folder with the project's folders as ``revision`` has them.

    Files are written as a checkout would (line ends, filters), through an index of their own.  Errors about
    files in that folder leave with the revision in the place of its path: ``main:instances/x.ttl:3:1``.

    :raises UsageError: git cannot read the revision.
    :raises SourceError: the revision does not have the project's folder.
    """
    with tempfile.TemporaryDirectory(prefix="polcoop-", ignore_cleanup_errors=True) as directory:
        tree, index = Path(directory, "tree"), str(Path(directory, "index"))
        tree.mkdir()
        inside = _git(root, "rev-parse", "--show-prefix").strip()
        for folder in _folders(root, revision, inside):
            _git(
                root,
                *("read-tree", f"--prefix={folder}/", f"{revision.commit}:{inside}{folder}"),
                index=index,
                top=True,
            )
        _git(root, "checkout-index", "--all", "--quiet", f"--prefix={tree}/", index=index, top=True)
        try:
            yield tree
        except SourceError as error:
            _rename(error, f"{tree}/", f"{revision.name}:")
            # What is said of the folder as a whole.
            _rename(error, str(tree.resolve()), revision.name)
            raise


@dataclass(frozen=True, slots=True)
class Layout:
    """Files of a revision in a folder of their own: ``paths`` maps each path that the revision has, and that
    is or holds an RDF file, to its place in ``tree``, which stands for the repository in ``top``."""

    top: Path
    tree: Path
    paths: Mapping[Path, Path]


@contextmanager
def laid_out(paths: Sequence[Path], name: str) -> Iterator[Layout]:
    """Yield what the revision called ``name`` has at ``paths``, files or folders of one repository; those
    outside it are passed over.

    Errors about files in that folder leave as from :func:`checked_out`.

    :raises UsageError: there is no git, the first path is in no repository, or there is no such commit.
    """
    first = paths[0].resolve()
    home = first if first.is_dir() else first.parent
    revision = resolve(home, name)
    top = Path(_git(home, "rev-parse", "--show-toplevel").rstrip("\n")).resolve()
    with tempfile.TemporaryDirectory(prefix="polcoop-", ignore_cleanup_errors=True) as directory:
        tree = Path(directory).resolve() / "tree"
        inside = {
            path: path.resolve().relative_to(top) for path in paths if path.resolve().is_relative_to(top)
        }
        for relative in inside.values():
            listing = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", revision.commit)
            for file in filter(None, _git(top, *listing, "--", relative.as_posix()).split("\0")):
                if Path(file).suffix.lower() in FORMATS:
                    (tree / file).parent.mkdir(parents=True, exist_ok=True)
                    (tree / file).write_bytes(
                        _output(top, "cat-file", "--filters", f"{revision.commit}:{file}")
                    )
        there = {path: tree / place for path, place in inside.items() if (tree / place).exists()}
        try:
            yield Layout(top, tree, there)
        except SourceError as error:
            _rename(error, f"{tree}/", f"{revision.name}:")
            raise


def _folders(root: Path, revision: Revision, inside: str) -> list[str]:
    try:
        names = _git(
            root, "ls-tree", "-d", "-z", "--name-only", f"{revision.commit}:{inside.rstrip('/')}", top=True
        )
    except UsageError as error:
        raise SourceError(f"{revision} has no folder {inside}") from error
    return [name for name in names.split("\0") if name in FOLDERS]


def _git(root: Path, *arguments: str, index: str | None = None, top: bool = False) -> str:
    """Run git in ``root`` (at the ``top`` of its work tree, where plumbing wants to be); return what it
    prints."""
    return _output(root, *arguments, index=index, top=top).decode(errors="surrogateescape")


def _output(root: Path, *arguments: str, index: str | None = None, top: bool = False) -> bytes:
    environment = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    environment |= {"LC_ALL": "C.UTF-8", **({"GIT_INDEX_FILE": index} if index else {})}
    place = Path(_git(root, "rev-parse", "--show-toplevel").rstrip("\n")) if top else root
    try:
        done = subprocess.run(
            ["git", "-C", str(place), *arguments],  # noqa: S607 - the user's own git
            env=environment, capture_output=True, check=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise UsageError("there is no git on this machine, and revisions are git's") from error
    except subprocess.CalledProcessError as error:
        told = (error.stderr or b"").decode(errors="replace")
        said = told.strip().splitlines() or [f"git {arguments[0]} failed"]
        raise UsageError(f"git: {said[0].removeprefix('fatal: ')}") from error
    return done.stdout


def _rename(error: SourceError, place: str, name: str) -> None:
    error.detail = error.detail.replace(place, name)
    error.args = (error.detail,)
    if isinstance(error, ParseError):
        error.source = error.source and error.source.replace(place, name)
        for other in error.others:
            _rename(other, place, name)
