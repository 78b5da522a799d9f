"""compile, format, anchor and evidence as a user runs them: output, exit codes, one clear line for each
error."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from polcoop import cli
from polcoop.cli import app

TEXT = "=== page 1 ===\nLa Chine et la Fran-\nce ont un traité. La Chine le dit.\n"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_compile_says_what_it_did(polcoop, small: Path) -> None:
    first = polcoop("compile", cwd=small)
    assert first.returncode == 0
    assert first.stdout.startswith("compiled: ")
    assert first.stderr == ""
    assert (small / "build" / "dataset" / "current" / "dataset.nq").is_file()
    assert polcoop("compile", cwd=small).stdout.startswith("up to date: ")
    assert polcoop("compile", "--root", small).stdout.startswith("up to date: ")
    assert polcoop("compile", env={"POLCOOP_ROOT": str(small)}).stdout.startswith("up to date: ")


def test_all_malformed_files_are_named_with_line_and_column(polcoop, small: Path) -> None:
    (small / "instances" / "bad.ttl").write_text(
        "@prefix ex: <http://e/> .\nex:é ex:p nope:x .\n", encoding="utf-8"
    )
    (small / "instances" / "worse.ttl").write_text("<http://e/a> .\n")
    (small / "instances" / "date.ttl").write_text(
        '<urn:x:a>\n  <https://w3id.org/polcoop/ontology#edtf> "mai 2016" .\n'
    )
    done = polcoop("compile", cwd=small)
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert lines[0].startswith("polcoop: error: instances/bad.ttl:2:11: ")
    assert lines[1].startswith("polcoop: error: instances/date.ttl:2:44: 'mai 2016'")
    assert lines[2].startswith("polcoop: error: instances/worse.ttl:1:")
    assert len(lines) == 3


def test_a_rule_that_is_no_construct_query(polcoop, small: Path) -> None:
    (small / "queries" / "derive" / "99.rq").write_text("SELECT * { ?s ?p ?o }")
    done = polcoop("compile", cwd=small)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "99.rq: a rule must be a CONSTRUCT query" in done.stderr


@pytest.mark.parametrize("command", ["compile", "evidence p01-01", "format"])
def test_outside_a_project(polcoop, tmp_path: Path, command: str) -> None:
    done = polcoop(*command.split(), cwd=tmp_path)
    assert done.returncode == 3
    assert str(tmp_path) in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_progress_shows_on_a_terminal_only_for_what_lasts() -> None:
    code = (
        "import time\nfrom polcoop.cli.progress import progress\n"
        "for seconds in (0, 1.6):\n"
        "    with progress(f'work{seconds}') as report:\n"
        "        report('stage')\n"
        "        time.sleep(seconds)\n"
    )
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", code], stderr=follower, env={**os.environ, "TERM": "xterm"}
    )
    assert child.wait(30) == 0
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "work1.6: stage" in shown
    assert "work0" not in shown
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stderr == b""


def test_format_and_its_check(polcoop, small: Path) -> None:
    assert polcoop("format", "--check", cwd=small).returncode == 0
    untidy = small / "instances" / "untidy.ttl"
    untidy.write_text("<http://e/a> <http://e/p> 1,2 . # kept\n")
    untidy.chmod(0o640)
    check = polcoop("format", "--check", cwd=small)
    assert check.returncode == 1
    assert check.stdout.startswith("--- instances/untidy.ttl\n+++ instances/untidy.ttl (formatted)\n")
    assert polcoop("format", "instances/untidy.ttl", cwd=small).returncode == 0
    assert untidy.read_text() == "<http://e/a>\n    <http://e/p> 1 , 2 .  # kept\n"
    assert untidy.stat().st_mode & 0o777 == 0o640
    assert polcoop("format", "--check", cwd=small).returncode == 0


def test_format_touches_nothing_when_a_file_is_malformed(polcoop, small: Path) -> None:
    untidy, bad = small / "instances" / "a.ttl", small / "instances" / "b.ttl"
    untidy.write_text("<http://e/a> <http://e/p> 1,2 .")
    bad.write_text("<http://e/a>")
    done = polcoop("format", cwd=small)
    assert done.returncode == 3
    assert done.stderr.startswith("polcoop: error: instances/b.ttl:1:")
    assert untidy.read_text() == "<http://e/a> <http://e/p> 1,2 ."


def test_format_takes_a_byte_order_mark_away(polcoop, tmp_path: Path) -> None:
    marked = tmp_path / "marked.ttl"
    marked.write_text("<http://e/a>\n    <http://e/p> 1 .\n", encoding="utf-8-sig")
    assert polcoop("format", marked).returncode == 0
    assert marked.read_bytes() == b"<http://e/a>\n    <http://e/p> 1 .\n"


def test_what_cannot_be_formatted(polcoop, tmp_path: Path) -> None:
    (tmp_path / "latin.ttl").write_bytes('<http://e/é>\n<http://e/p> "é'.encode() + b'\xe9" .')
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.ttl").write_bytes(b"\x1b[2J")
    for name, message in (
        ("latin.ttl", "latin.ttl:2:16: not UTF-8 text"),
        ("empty", "no Turtle file in empty"),
        ("binary.ttl", r"\x1b"),
    ):
        done = polcoop("format", "--check", name, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (3, 1)
        assert message in done.stderr
        assert "\x1b" not in done.stderr


def test_paths_are_opened_by_the_commands_alone() -> None:
    # The library's own check ends with exit code 2, which is that of wrong use.
    commands = typer.main.get_command(app).commands
    for command, option in (("format", "paths"), ("query", "data"), ("serve", "data"), ("serve", "paths")):
        (found,) = [param for param in commands[command].params if param.name == option]
        assert not found.type_descriptor.parameter_info.readable


def test_a_full_disk_is_one_clear_line(polcoop, small: Path) -> None:
    for command in ("compile", "anchor --help"):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "polcoop", *command.split()],
                cwd=small, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            )  # fmt: skip
        assert (done.returncode, done.stderr) == (3, "polcoop: error: No space left on device\n")


def test_a_fault_of_the_program_is_no_verdict_on_the_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fault() -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(cli, "app", fault)
    monkeypatch.delenv(cli.TRACEBACK, raising=False)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    assert "polcoop: error: a fault of this program, RecursionError: too deep" in capsys.readouterr().err
    monkeypatch.setenv(cli.TRACEBACK, "1")
    with pytest.raises(RecursionError):
        cli.main()


def test_anchor(polcoop, note: Path) -> None:
    done = polcoop("anchor", "1", "la France", "--end", "traité.", "--note", note, "--show")
    assert (
        done.stdout
        == "polcoop:passage [ a oa:TextPositionSelector ; polcoop:onPage 1 ; oa:start 12 ; oa:end 38 ]\n"
    )
    assert done.stderr == "line 2: la Fran-\nce ont un traité.\n"
    assert done.returncode == 0
    assert polcoop("anchor", "1", "la France", env={"POLCOOP_NOTE": str(note)}).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["1", "Chine"], 2, "2 times: 1) line 2, 3-8; 2) line 3, "),
        (["1", "La Chynne et"], 2, "nearest"),
        (["7", "x"], 2, "no page 7"),
        (["1"], 2, "PAGE and WORDS"),
        (["one", "x"], 2, "integer"),
        (["1", "Chine", "--bogus"], 2, "--bogus"),
    ],
)
def test_anchor_errors(polcoop, note: Path, arguments: list[str], code: int, message: str) -> None:
    done = polcoop("anchor", *arguments, env={"POLCOOP_NOTE": str(note)})
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_anchor_without_the_text(polcoop, small: Path) -> None:
    done = polcoop("anchor", "1", "x", "--note", "nowhere.txt", cwd=small)
    assert (done.returncode, "not at hand" in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "PAGE and WORDS"), (["1"], "PAGE and WORDS"), (["1", "--batch", "x"], "--batch takes the place")],
)
def test_wrong_use_of_anchor_is_told_without_the_text(
    polcoop, small: Path, arguments: list[str], message: str
) -> None:
    done = polcoop("anchor", *arguments, "--note", "nowhere.txt", cwd=small)
    assert (done.returncode, message in done.stderr) == (2, True)


def test_anchor_in_batches(polcoop, note: Path, tmp_path: Path) -> None:
    batch = tmp_path / "batch.tsv"
    batch.write_text(
        "# page\tfrom\tto\tnth\n1\tla France\ttraité.\n\n1\tnowhere\n1\tChine\t\t2\nx\ty\n", encoding="utf-8"
    )
    done = polcoop("anchor", "--batch", batch, "--note", note)
    lines = done.stdout.splitlines()
    assert done.returncode == 2
    assert [line.split(" ")[0] for line in lines] == ["polcoop:passage", "#", "polcoop:passage", "#"]
    assert f"{batch}:4: page 1 has no 'nowhere'" in lines[1]
    assert "2 passages" in done.stderr
    assert polcoop("anchor", "--batch", "-", "--note", note, input="1\tla France\n").returncode == 0


@pytest.mark.parametrize("name", ["p01-01", "claim:p01-01", "https://w3id.org/polcoop/id/claim/p01-01"])
def test_evidence(polcoop, small: Path, note: Path, name: str) -> None:
    done = polcoop("evidence", name, "--note", note, cwd=small)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "claim       claim:p01-01",
        "statement   France and China have a treaty.",
        "page        1",
        "modality    modality:asserted",
        "establishes instrument:cn-fr  China-France treaty",
        "footnote    footnote:1",
        "  cites     work:report  A report",
        "passage     page 1, 0-8",
        "    La Chine",
    ]


def test_evidence_is_the_same_from_the_compiled_dataset(polcoop, small: Path) -> None:
    from_sources = polcoop("evidence", "p01-01", "--lang", "fr", cwd=small)
    assert polcoop("compile", cwd=small).returncode == 0
    compiled = polcoop("evidence", "p01-01", "--lang", "fr", cwd=small)
    assert compiled.stdout == from_sources.stdout
    assert "La France et la Chine ont un traité." in compiled.stdout
    assert "passage     page 1, 0-8" in compiled.stdout
    assert "not at hand" in compiled.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["p99-99"], "no claim claim:p99-99"),
        (["nope:x"], "unknown prefix"),
        (["p01 01"], "is not an IRI"),
        (["<https://e/> { ?s ?p ?o } #"], "is not an IRI"),
        (["p01-01", "--lang", "zh"], "en or fr"),
    ],
)
def test_evidence_errors(polcoop, small: Path, arguments: list[str], message: str) -> None:
    done = polcoop("evidence", *arguments, cwd=small)
    assert (done.returncode, done.stderr.startswith("polcoop: error: ")) == (2, True)
    assert message in done.stderr


def test_version_and_help(polcoop) -> None:
    assert polcoop("--version").stdout.startswith("polcoop ")
    assert "compile" in polcoop("--help").stdout
    assert polcoop().stdout.startswith("Usage: ") or polcoop().stderr.startswith("Usage: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "no such command 'nonsense'"),
        (["--nonsense"], "no such option: --nonsense"),
        (["query", "--nonsense"], "no such option: --nonsense"),
        (["serve", "--port", "http"], "invalid value for '--port'"),
        (["serve", "--port"], "option '--port' requires an argument"),
        (["evidence"], "missing argument 'claim'"),
    ],
)
def test_wrong_use_is_told_as_every_other_error_is(polcoop, arguments: list[str], said: str) -> None:
    done = polcoop(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    error, hint = done.stderr.splitlines()
    assert error.startswith(f"polcoop: error: {said}")
    assert hint.startswith("  hint: ")
    assert hint.endswith(" --help")


def test_a_reader_who_leaves_early_is_no_error_and_changes_no_verdict(small: Path) -> None:
    untidy = "\n".join(f"<http://e/{n}> <http://e/p> 1,2 ." for n in range(20_000))
    # Each file is written at once; the second write is the one that finds nobody reading.
    for name in ("untidy1.ttl", "untidy2.ttl"):
        (small / "instances" / name).write_text(untidy)
    command = [sys.executable, "-m", "polcoop", "format", "--check"]
    child = subprocess.Popen(command, cwd=small, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(60) == 1
    assert child.stderr is not None
    assert b"Error" not in child.stderr.read()
    child.stderr.close()
