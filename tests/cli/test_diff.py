"""polcoop diff, as a user runs it, in scratch repositories with a small project."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SHAPES = """\
@prefix polcoop: <https://w3id.org/polcoop/ontology#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shapes: <https://w3id.org/polcoop/shapes#> .

shapes:Treaty
    a sh:NodeShape ;
    sh:targetClass polcoop:InternationalInstrument ;
    sh:property shapes:Treaty-label .

shapes:Treaty-label
    a sh:PropertyShape ;
    sh:path polcoop:printedAs ;
    sh:maxCount 1 ;
    sh:message "A treaty is printed in one way."@en , "Un traité est imprimé d’une façon."@fr .
"""
QUERY = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .

<https://example.org/{name}>
    sh:select \"\"\"PREFIX polcoop: <https://w3id.org/polcoop/ontology#>
{text}\"\"\" .
"""
PARTIES = "SELECT ?treaty ?party WHERE {{ ?treaty polcoop:hasParty ?party }} ORDER BY {order}"
FACTS, CLAIMS = "instances/facts.ttl", "instances/claims/p01.ttl"


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],  # noqa: S607
        env={**os.environ, **identity}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path, message: str = "change") -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def repository(small: Path) -> Path:
    """A repository with the small project, its shapes and a query, all committed."""
    (small / "shapes").mkdir()
    (small / "shapes" / "treaty.ttl").write_text(SHAPES, encoding="utf-8")
    query = QUERY.format(name="parties", text=PARTIES.format(order="?treaty ?party"))
    (small / "queries" / "parties.ttl").write_text(query, encoding="utf-8")
    git(small, "init", "--quiet")
    commit(small)
    return small


def as_json(polcoop: Run, folder: Path, *revisions: str, code: int = 0) -> dict[str, object]:
    done = polcoop("diff", "--root", folder, "--format", "json", *revisions)
    assert (done.returncode, done.stderr) == (code, "")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_nothing_changed(polcoop: Run, repository: Path) -> None:
    found = as_json(polcoop, repository, "HEAD")
    assert [found[key] for key in ("graphs", "nodes", "answers")] == [[], [], []]
    assert found["results"] == {"new": [], "gone": []}
    done = polcoop("diff", "HEAD", cwd=repository)
    assert done.stdout.endswith("-> working tree: no triple differs, no new violation\n")


def test_a_change_from_its_triples_to_the_rows_of_the_answers(polcoop: Run, repository: Path) -> None:
    replace(
        repository / FACTS, "polcoop:hasParty agent:cn , agent:fr ;", "polcoop:hasParty agent:cn , agent:es ;"
    )
    replace(repository / FACTS, '"China-France treaty"@en', '"China-Spain treaty"@en')
    found = as_json(polcoop, repository, "HEAD")
    graphs = {change["graph"]: (change["added"], change["removed"]) for change in found["graphs"]}
    assert graphs["instances"] == (2, 2)
    # hasParticipant follows.
    assert graphs["inferred"] == (1, 1)
    (node,) = found["nodes"]
    assert (node["kind"], node["change"], node["node"]) == ("entity", "changed", "instrument:cn-fr")
    assert node["label"] == "China-Spain treaty"
    # What was inferred is not repeated here.
    assert node["properties"] == [
        {"property": "polcoop:hasParty", "removed": ["agent:fr"], "added": ["agent:es"]},
        {
            "property": "skos:prefLabel",
            "removed": ['"China-France treaty"@en'],
            "added": ['"China-Spain treaty"@en'],
        },
    ]
    (answer,) = found["answers"]
    assert (answer["query"], answer["change"], answer["rewritten"]) == ("parties", "changed", False)
    assert answer["removed"] == [["instrument:cn-fr", "agent:fr"]]
    assert answer["added"] == [["instrument:cn-fr", "agent:es"]]
    assert (answer["count_before"], answer["count_after"]) == (8, 8)


def test_claims_that_come_and_go(polcoop: Run, repository: Path) -> None:
    file = repository / CLAIMS
    replace(file, "claim:p01-04\n", "claim:p01-07\n")
    replace(file, "polcoop:contradicts claim:p01-05", "polcoop:contradicts claim:p01-03")
    claims = {node["node"]: node for node in as_json(polcoop, repository, "HEAD")["nodes"]}
    assert {name: node["change"] for name, node in claims.items()} == {
        "claim:p01-04": "removed",
        "claim:p01-06": "changed",
        "claim:p01-07": "added",
    }
    assert {node["kind"] for node in claims.values()} == {"claim"}


def test_a_blank_node_is_shown_where_it_belongs_and_renumbering_is_no_change(
    polcoop: Run, repository: Path
) -> None:
    replace(repository / CLAIMS, "oa:end 8 ]", "oa:end 9 ]")
    more = "polcoop:passage [ a oa:TextPositionSelector ; polcoop:onPage 1 ; oa:start 3 ; oa:end 4 ]"
    replace(
        repository / CLAIMS,
        "polcoop:modality modality:conditional ;",
        f"polcoop:modality modality:conditional ; {more} ;",
    )
    found = as_json(polcoop, repository, "HEAD")
    assert found["graphs"] == [{"graph": "instances", "added": 6, "removed": 1}]
    before, after = (
        f"[ oa:end {end} ; oa:start 0 ; polcoop:onPage 1 ; rdf:type oa:TextPositionSelector ]".replace(
            " 0 ", ' "0"^^xsd:integer '
        ).replace(" 1 ", ' "1"^^xsd:integer ')
        for end in ('"8"^^xsd:integer', '"9"^^xsd:integer')
    )
    nodes = {node["node"]: node["properties"] for node in found["nodes"]}
    assert nodes.keys() == {"claim:p01-01", "claim:p01-02"}
    assert nodes["claim:p01-01"] == [{"property": "polcoop:passage", "removed": [before], "added": [after]}]
    assert [change["property"] for change in nodes["claim:p01-02"]] == ["polcoop:passage"]


def test_a_new_violation_is_exit_code_1_and_an_old_one_is_not(polcoop: Run, repository: Path) -> None:
    replace(
        repository / FACTS,
        'polcoop:printedAs "18 avril 2005"',
        'polcoop:printedAs "18 avril 2005" , "18.4.2005"',
    )
    found = as_json(polcoop, repository, "HEAD", code=1)
    (new,) = found["results"]["new"]
    assert (new["severity"], new["shape"], new["focus"]) == (
        "violation",
        "shapes:Treaty-label",
        "instrument:cn-fr",
    )
    assert new["location"].startswith("instances/facts.ttl:")
    assert found["results"]["gone"] == []
    # Committed and moved down, it is no longer new; mended, it is gone.
    bad = commit(repository)
    replace(repository / FACTS, "agent:cn\n", "# A line more.\n\nagent:cn\n")
    replace(repository / FACTS, 'polcoop:edtf "2007-10"', 'polcoop:edtf "2007-11"')
    assert as_json(polcoop, repository, "HEAD")["results"] == {"new": [], "gone": []}
    found = as_json(polcoop, repository, bad, "HEAD~1")
    assert [one["shape"] for one in found["results"]["gone"]] == ["shapes:Treaty-label"]


def test_a_warning_that_is_new_is_told_and_forgiven(polcoop: Run, repository: Path) -> None:
    replace(
        repository / "shapes" / "treaty.ttl", "sh:maxCount 1 ;", "sh:maxCount 1 ; sh:severity sh:Warning ;"
    )
    replace(
        repository / FACTS,
        'polcoop:printedAs "18 avril 2005"',
        'polcoop:printedAs "18 avril 2005" , "18.4.2005"',
    )
    found = as_json(polcoop, repository, "HEAD")
    assert [one["severity"] for one in found["results"]["new"]] == ["warning"]


def test_two_revisions_are_compared_without_the_work_tree(polcoop: Run, repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    replace(repository / FACTS, '"2007-10"', '"2008-10"')
    second = commit(repository)
    (repository / FACTS).write_text("this is no Turtle", encoding="utf-8")
    before = git(repository, "status", "--porcelain")
    nodes = as_json(polcoop, repository, first, second)["nodes"]
    assert [(node["node"], node["change"]) for node in nodes] == [("event:signed-again", "changed")]
    back = as_json(polcoop, repository, second, first)["nodes"]
    assert back[0]["properties"][0]["added"] == ['"2007-10"']
    # Work tree, index and stash are as they were.
    assert git(repository, "status", "--porcelain") == before == "M instances/facts.ttl"
    assert git(repository, "worktree", "list").count("\n") == 0


def test_a_project_in_a_folder_of_its_repository(polcoop: Run, repository: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    subprocess.run(["cp", "-r", str(repository), str(outer / "inner")], check=True)  # noqa: S607
    subprocess.run(["rm", "-rf", str(outer / "inner" / ".git")], check=True)  # noqa: S607
    git(outer, "init", "--quiet")
    commit(outer)
    replace(outer / "inner" / FACTS, '"2007-10"', '"2008-10"')
    assert [node["node"] for node in as_json(polcoop, outer / "inner", "HEAD")["nodes"]] == [
        "event:signed-again"
    ]


def test_queries_new_gone_rewritten_reordered_and_refused(polcoop: Run, repository: Path) -> None:
    queries = repository / "queries"

    def write(name: str, text: str) -> None:
        (queries / f"{name}.ttl").write_text(QUERY.format(name=name, text=text), encoding="utf-8")

    write("going", "SELECT * WHERE { ?s polcoop:hasParty ?o }")
    write("federated", "SELECT * WHERE { ?s polcoop:hasParty ?o }")
    write("asked", "ASK { ?s polcoop:edtf '2007-10' }")
    commit(repository)
    (queries / "going.ttl").unlink()
    write("coming", "SELECT * WHERE { ?s polcoop:hasParty ?o }")
    write("parties", PARTIES.format(order="DESC(?treaty) ?party"))
    write("federated", "SELECT * WHERE { SERVICE <http://127.0.0.1:9/> { ?s polcoop:hasParty ?o } }")
    replace(repository / FACTS, '"2007-10"', '"2008-10"')
    changes = {change["query"]: change for change in as_json(polcoop, repository, "HEAD")["answers"]}
    kinds = {name: (change["change"], change["rewritten"]) for name, change in changes.items()}
    assert kinds == {
        "asked": ("changed", False),
        "coming": ("added", False),
        "federated": ("failed", True),
        "going": ("removed", False),
        "parties": ("reordered", True),
    }
    assert "SERVICE" in changes["federated"]["failure"]
    assert (changes["asked"]["removed"], changes["asked"]["added"]) == ([["true"]], [["false"]])


def test_markdown_folds_escapes_and_stays_within_what_github_takes(polcoop: Run, repository: Path) -> None:
    nasty = r"</details> ```` <script>alert(1)</script> @everyone [x](http://x) | a\nb" + "\u202e"
    treaties = "".join(
        f'instrument:t{n} a polcoop:InternationalInstrument ; skos:prefLabel "{nasty} {n} {"é" * 200}"@en ; '
        f'polcoop:printedAs "{n}" , "{n} again" .\n'
        for n in range(300)
    )
    with (repository / FACTS).open("a", encoding="utf-8") as file:
        file.write(treaties)
    done = polcoop("diff", "HEAD", "--format", "markdown", cwd=repository)
    assert done.returncode == 1
    text = done.stdout
    assert 40_000 < len(text.encode()) < 65_536
    lines = text.splitlines()
    assert lines[0] == "<!-- polcoop diff -->"
    assert lines[1].startswith("**polcoop diff** `HEAD (")
    assert "**300 new violations**" in lines[1]
    assert "entities: 300 added" in lines[1]
    # Each fold holds one block of code, and what comes from the data is nowhere else.
    outside, fences = [], 0
    for line in lines:
        if re.match(r" {0,3}```", line):
            assert line == ("```" if fences % 2 else "```diff")
            fences += 1
        elif fences % 2 == 0:
            outside.append(line)
    assert fences % 2 == 0
    assert "script" not in "\n".join(outside)
    assert outside.count("</details>") == sum(line.startswith("<details><summary>") for line in outside) >= 3
    assert any(line.startswith("… and ") and line.endswith(" more lines") for line in lines)
    assert "\u202e" not in text
    assert "\\u202E" in text


@pytest.mark.parametrize("revision", ["no-such-branch", "HEAD..HEAD", "--all", "HEAD:instances"])
def test_an_unknown_revision_is_wrong_use(polcoop: Run, repository: Path, revision: str) -> None:
    done = polcoop("diff", "--root", repository, "--", revision)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("polcoop: error: ")
    assert "Traceback" not in done.stderr


def test_without_repository_or_git_it_is_wrong_use(
    polcoop: Run, small: Path, repository: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    subprocess.run(["cp", "-r", str(repository), str(away)], check=True)  # noqa: S607
    subprocess.run(["rm", "-rf", str(away / ".git")], check=True)  # noqa: S607
    done = polcoop("diff", "--root", away, "HEAD", env={"GIT_CEILING_DIRECTORIES": str(tmp_path)})
    assert done.returncode == 2
    assert "not a git repository" in done.stderr
    done = polcoop("diff", "--root", repository, "HEAD", env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert "there is no git on this machine" in done.stderr


def test_what_does_not_parse_is_named_with_its_revision(polcoop: Run, repository: Path) -> None:
    good = git(repository, "rev-parse", "HEAD")
    with (repository / FACTS).open("a", encoding="utf-8") as file:
        file.write("agent:cn ;;\n")
    bad = commit(repository)
    line = (repository / FACTS).read_text(encoding="utf-8").count("\n")
    done = polcoop("diff", bad, good, cwd=repository)
    assert done.returncode == 3
    assert f"{bad}:instances/facts.ttl:{line}:" in done.stderr
    done = polcoop("diff", good, cwd=repository)
    assert done.returncode == 3
    assert f" instances/facts.ttl:{line}:" in done.stderr


def test_a_revision_without_the_project_is_named(polcoop: Run, repository: Path) -> None:
    """And not the temporary folder that it was laid out in."""
    (repository / "ontology").rename(repository / "terms")
    gone = commit(repository)
    done = polcoop("diff", "--root", repository, gone, "HEAD")
    assert done.returncode == 3
    assert f"no folder ontology/ in {gone}\n" in done.stderr


def test_a_range_is_answered_with_how_to_ask(polcoop: Run, repository: Path) -> None:
    done = polcoop("diff", "--root", repository, "HEAD~1..HEAD")
    assert "is a range, not a revision" in done.stderr
    assert "git merge-base" in done.stderr


def test_a_state_without_shapes_is_remarked(polcoop: Run, repository: Path) -> None:
    (repository / "shapes" / "treaty.ttl").unlink()
    found = as_json(polcoop, repository, "HEAD")
    assert found["remarks"] == ["working tree has no shapes: nothing was validated there"]
