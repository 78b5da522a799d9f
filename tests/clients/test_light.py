"""``import polcoop`` costs nothing, and what is used loads what it needs and no more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import polcoop
from polcoop.errors import SourceError

HEAVY = {
    "IPython", "asyncio", "fastapi", "httpx2", "jinja2", "pandas", "polars", "pyarrow", "pydantic",
    "pyoxigraph", "pyshacl", "rdflib", "starlette", "tree_sitter", "typer", "uvicorn",
}  # fmt: skip


def loaded(program: str, environment: dict[str, str]) -> set[str]:
    """Names of the modules that are loaded after the program has run in a fresh interpreter."""
    program = f"import json, sys\n{program}\njson.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_import_loads_nothing_heavy(bare_environment: dict[str, str]) -> None:
    found = loaded("import polcoop; dir(polcoop)", bare_environment)
    assert [name for name in found if name.startswith("polcoop")] == ["polcoop"]
    assert not found & HEAVY


def test_the_import_takes_no_time(bare_environment: dict[str, str]) -> None:
    """Beside an import that everybody knows, in the same interpreters; a ratio, since machines differ."""
    program = """
import time
started = time.process_time(); import polcoop; ours = time.process_time() - started
started = time.process_time(); import rdflib; theirs = time.process_time() - started
print(ours / theirs)
"""
    ratios = [
        float(subprocess.check_output([sys.executable, "-c", program], env=bare_environment, text=True))
        for _ in range(3)
    ]
    assert min(ratios) < 0.15


def test_queries_in_process_load_no_server_and_no_tables(
    dataset: Path, bare_environment: dict[str, str]
) -> None:
    program = "import polcoop\nassert polcoop.open().select('SELECT * { ?s ?p ?o } LIMIT 3')[0]"
    found = loaded(program, {**bare_environment, "POLCOOP_DATASET": str(dataset.parent)})
    assert "polcoop.sparql.local" in found
    assert not found & {
        "fastapi",
        "starlette",
        "uvicorn",
        "pydantic",
        "httpx2",
        "pandas",
        "polars",
        "pyarrow",
    }


def test_queries_over_http_load_no_engine(server: str, bare_environment: dict[str, str]) -> None:
    found = loaded(
        f"import polcoop\nassert polcoop.connect('{server}/sparql').ask('ASK {{}}')", bare_environment
    )
    assert "httpx2" in found
    assert not found & {"fastapi", "pyoxigraph", "rdflib", "pandas", "polars", "pyarrow"}


def test_all_that_is_named_is_there() -> None:
    assert all(getattr(polcoop, name) for name in polcoop.__all__)
    assert set(polcoop.__all__) <= set(dir(polcoop))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = polcoop.nothing  # type: ignore[attr-defined]


def test_the_dataset_is_compiled_once_for_a_user(tmp_path: Path, bare_environment: dict[str, str]) -> None:
    """An installation that carries the project's files and has no checkout: those of a small project here."""
    program = """
import sys
from pathlib import Path
import polcoop, polcoop.client.packaged, polcoop.sources.packaged
polcoop.sources.packaged.shipped = lambda: Path(sys.argv[1])
folder = polcoop.client.packaged.packaged_dataset()
print(folder)
print(polcoop.open().ask("ASK { ?s ?p ?o }"))
"""
    project = Path(__file__).parents[1] / "fixtures" / "small"
    outputs = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program, str(project)],
            env={**bare_environment, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.append((done.stdout.split(), "compiled, once" in done.stderr))
    (first, compiled), (second, again) = outputs
    assert first == second
    assert first[1] == "True"
    assert Path(first[0]).is_relative_to(tmp_path)
    assert (compiled, again) == (True, False)
    (kept,) = (tmp_path / "polcoop" / "dataset").iterdir()
    # Others, of earlier versions, do not pile up.
    for number in range(5):
        (kept.parent / f"old{number}").mkdir()
    subprocess.run(
        [sys.executable, "-c", program, str(project)],
        env={**bare_environment, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert len(list(kept.parent.iterdir())) == 3


def test_a_dataset_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLCOOP_DATASET", str(tmp_path))
    with pytest.raises(SourceError, match="no compiled dataset"):
        polcoop.open()


@pytest.mark.parametrize(
    ("library", "use"),
    [
        ("pyarrow", "data.select('SELECT ?x {}').to_arrow()"),
        ("pandas", "data.select('SELECT ?x {}').to_pandas()"),
        ("polars", "data.select('SELECT ?x {}').to_polars()"),
        ("pandas", "polcoop.period('2016')"),
        ("rdflib", "data.construct('CONSTRUCT WHERE { ?s ?p ?o }')"),
    ],
)
def test_what_is_not_installed_is_named_with_its_remedy(
    library: str, use: str, server: str, bare_environment: dict[str, str]
) -> None:
    program = f"""
import importlib.abc, importlib.util, sys
import polcoop
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "{library}":
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Absent())
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "{library}" else find(name, *rest)
data = polcoop.connect("{server}/sparql")
try:
    {use}
except polcoop.PolcoopError as error:
    print(type(error).__name__, error.hint)
"""
    told = subprocess.check_output([sys.executable, "-c", program], env=bare_environment, text=True)
    assert told == "MissingExtra pip install 'polcoop[notebooks]'\n"
