"""``polcoop serve``: what it serves, what it prints, how it ends; the protocol has tests of its own."""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from polcoop.cli.serving import listen
from serving import serving

Run = Callable[..., subprocess.CompletedProcess[str]]

FORMATS = {
    "a.ttl": "<http://example.org/ttl> <a:p> 1 .",
    "b.nt": "<http://example.org/nt> <a:p> <a:o> .",
    "c.nq": "<http://example.org/nq> <a:p> <a:o> <a:g> .",
    "d.trig": "<a:g> { <http://example.org/trig> <a:p> <a:o> }",
    "e.rdf": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://example.org/#">
        <rdf:Description rdf:about="http://example.org/rdf"><a:p>1</a:p></rdf:Description></rdf:RDF>""",
    "f.jsonld": '{"@id": "http://example.org/jsonld", "http://example.org/p": 1}',
    "sub/g.owl": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="http://example.org/owl"><rdf:type rdf:resource="http://example.org/C"/>
        </rdf:Description></rdf:RDF>""",
}
SUBJECTS = "SELECT DISTINCT (STRAFTER(STR(?s), 'org/') AS ?name) { ?s ?p ?o } ORDER BY ?name"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of every kind."""
    for name, text in FORMATS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def names(url: str) -> list[str]:
    """The subjects that a server knows."""
    parameters = {"query": SUBJECTS, "format": "csv"}
    return httpx2.get(f"{url}/sparql", params=parameters, trust_env=False).text.split()[1:]


def test_any_rdf_is_served_from_folders_and_files(folder: Path) -> None:
    with serving("--data", folder) as server:
        assert names(server.url) == ["jsonld", "nq", "nt", "owl", "rdf", "trig", "ttl"]
    with serving("--data", folder / "a.ttl", "--data", folder / "b.nt", folder / "c.nq") as server:
        assert names(server.url) == ["nq", "nt", "ttl"]


def test_what_it_prints_works(folder: Path) -> None:
    with serving("--data", folder / "b.nt") as server:
        assert server.process.stdout is not None
        hint = next(line for line in server.process.stdout if "curl" in line)
        command = shlex.split(hint.partition("try")[2])
        shown = httpx2.get(command[1], trust_env=False)
        assert shown.text.split() == ["s,p,o", "http://example.org/nt,a:p,a:o"]
        assert httpx2.get(f"{server.url}/", trust_env=False).status_code == 200


def test_nothing_temporary_stays_behind(folder: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with serving("--data", folder / "a.ttl", TMPDIR=str(scratch)):
        assert list(scratch.iterdir())
    assert list(scratch.iterdir()) == []


def test_settings_come_from_the_environment_and_options_go_before(folder: Path) -> None:
    with serving(
        "--data", folder / "a.ttl", "--workers", "2", POLCOOP_WORKERS="1", POLCOOP_NOTE="x"
    ) as server:
        httpx2.get(server.sparql, params={"query": "ASK {}"}, trust_env=False)
        assert len(server.workers) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("--data nothing", 3, "no file or folder nothing"),
        ("--data bad.ttl", 3, "bad.ttl:1:"),
        ("--data notes.txt", 3, "unknown kind of file"),
        ("--dataset nothing", 3, "polcoop compile"),
        ("--data a.ttl --host no.such.host.invalid", 2, "cannot listen on no.such.host.invalid"),
        ("--data a.ttl --timeout -1", 2, "POLCOOP_TIMEOUT"),
        ("--data remote.jsonld", 3, "remote.jsonld"),
    ],
)
def test_errors_are_one_clear_line_and_an_exit_code(
    polcoop: Run, folder: Path, arguments: str, code: int, words: str
) -> None:
    (folder / "bad.ttl").write_text("<a:a> <a:b> .", encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    (folder / "remote.jsonld").write_text('{"@context": "http://127.0.0.1:9/", "a": 1}', encoding="utf-8")
    done = polcoop("serve", "--port", "0", *arguments.split(), cwd=folder)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_malformed_setting_is_told_by_its_name(polcoop: Run, folder: Path) -> None:
    done = polcoop("serve", "--data", "a.ttl", cwd=folder, env={"POLCOOP_WORKERS": "none"})
    assert done.returncode == 2
    assert "POLCOOP_WORKERS" in done.stderr


def test_a_port_in_use_is_told(polcoop: Run, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = polcoop("serve", "--data", "a.ttl", "--port", str(port), cwd=folder)
    assert done.returncode == 2
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Without this option every answer takes 40 ms longer."""
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_compiled_project_is_served(server: str) -> None:
    answer = httpx2.get(
        f"{server}/sparql", params={"query": "ASK { GRAPH ?g { ?s ?p ?o } }"}, trust_env=False
    )
    assert answer.json()["boolean"] is True
