"""action.yml, tried as far as it can be away from GitHub: its own steps, run as the shell scripts they are.

What stands for the runner: the files behind GITHUB_OUTPUT and GITHUB_STEP_SUMMARY, and the few expressions
that the action uses.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["id"]: step for step in ACTION["runs"]["steps"] if "run" in step}

SHAPES = """\
@prefix ex: <https://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .

ex:Person sh:targetClass ex:Person ; sh:property ex:Person-name .
ex:Person-name sh:path ex:name ; sh:minCount 1 ; sh:message "A person has a name." .
ex:Person-age sh:targetClass ex:Person ; sh:path ex:age ; sh:minCount 1 ; sh:severity sh:Warning .
"""
NAMELESS = "@prefix ex: <https://example.org/> .\n\nex:a a ex:Person ; ex:age 1 .\n"


@dataclass
class Outcome:
    """What a step left behind."""

    code: int
    log: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass
class Runner:
    """Runs steps in a workspace, one after the other, as a runner does."""

    workspace: Path
    temporary: Path
    inputs: dict[str, str]
    source: Path = ROOT
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(self, name: str, **more: str) -> Outcome:
        step = STEPS[name]
        assert "${{" not in step["run"], "an expression in a script is a hole for injection"
        output, summary = self.temporary / f"{name}.output", self.temporary / f"{name}.summary"
        for file in (output, summary):
            file.write_bytes(b"")
        script = self.temporary / f"{name}.sh"
        script.write_text(step["run"], encoding="utf-8")
        bare = {key: value for key, value in os.environ.items() if not key.startswith("POLCOOP_")}
        environment = {
            # Not a line of what is tried depends on pip compiling what it installs, and that takes its time.
            **bare | {"PIP_NO_COMPILE": "1"},
            **{key: self.resolved(value) for key, value in step.get("env", {}).items()},
            **{"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"},
            **more,
        }
        assert step["shell"] == "bash"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],  # noqa: S607
            cwd=self.workspace, env=environment, capture_output=True, text=True, check=False, timeout=1400,
        )  # fmt: skip
        lines = output.read_text(encoding="utf-8").splitlines()
        self.outputs[name] = dict(line.split("=", 1) for line in lines)
        log = done.stdout + done.stderr
        return Outcome(done.returncode, log, self.outputs[name], summary.read_text(encoding="utf-8"))

    def resolved(self, value: str) -> str:
        def expression(match: re.Match[str]) -> str:
            words = match[1].split(".")
            match words:
                case ["inputs", name]:
                    return self.inputs.get(name, str(ACTION["inputs"][name]["default"]))
                case ["github", "action_path"]:
                    return str(self.source)
                case ["runner", "temp"]:
                    return str(self.temporary)
                case ["steps", step, "outputs", name]:
                    return self.outputs[step].get(name, "")
            pytest.fail(f"the action uses an expression that is not known here: {match[0]}")

        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", expression, value)

    def result(self, name: str) -> str:
        """An output of the action."""
        return self.resolved(ACTION["outputs"][name]["value"])


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner on which polcoop is installed: this one."""
    for name in ("workspace", "temporary"):
        (tmp_path / name).mkdir()
    found = Runner(tmp_path / "workspace", tmp_path / "temporary", {})
    found.outputs["install"] = {"polcoop": str(Path(sys.executable).with_name("polcoop"))}
    (found.workspace / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    (found.workspace / "my data").mkdir()
    (found.workspace / "my data" / "people.ttl").write_text(NAMELESS, encoding="utf-8")
    found.inputs |= {"paths": "my data\n", "shapes": "shapes.ttl"}
    return found


def test_a_violation_is_annotated_reported_summed_up_and_fails_the_job(runner: Runner) -> None:
    done = runner.run("validate")
    assert done.code == 1, done.log
    (annotation,) = [line for line in done.log.splitlines() if line.startswith("::")]
    assert annotation.startswith("::error file=my data/people.ttl,line=3,")
    assert "A person has a name." in annotation
    assert runner.result("conforms") == "false"
    sarif = Path(runner.result("sarif"))
    (result,) = json.loads(sarif.read_text(encoding="utf-8"))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20data/people.ttl"
    assert place["region"]["startLine"] == 3
    assert done.summary.count("A person has a name.") == 1
    # The workspace is as it was.
    assert sorted(path.name for path in runner.workspace.iterdir()) == ["my data", "shapes.ttl"]


def test_data_that_conforms_passes(runner: Runner) -> None:
    file = runner.workspace / "my data" / "people.ttl"
    file.write_text(NAMELESS.replace("ex:age 1", "ex:age 1 ; ex:name 'A'"), encoding="utf-8")
    done = runner.run("validate")
    assert (done.code, runner.result("conforms")) == (0, "true"), done.log
    assert not [line for line in done.log.splitlines() if line.startswith("::")]
    assert json.loads(Path(runner.result("sarif")).read_text(encoding="utf-8"))["runs"][0]["results"] == []
    assert "Conforms" in done.summary


def test_the_severity_decides(runner: Runner) -> None:
    file = runner.workspace / "my data" / "people.ttl"
    file.write_text(NAMELESS.replace("ex:age 1", "ex:name 'A'"), encoding="utf-8")
    done = runner.run("validate")
    assert (done.code, runner.result("conforms")) == (0, "true")
    assert "::warning file=my data/people.ttl,line=3," in done.log
    runner.inputs["severity"] = "warning"
    done = runner.run("validate")
    assert (done.code, runner.result("conforms")) == (1, "false")


@pytest.mark.parametrize("paths", ["nowhere", "broken.ttl", "my data\nnowhere"])
def test_what_could_not_be_judged_neither_conforms_nor_not(runner: Runner, paths: str) -> None:
    (runner.workspace / "broken.ttl").write_text("<a:b> ;;", encoding="utf-8")
    runner.inputs["paths"] = paths
    # A report of an earlier run is not taken for this one's.
    (runner.temporary / "polcoop.sarif").write_text("{}", encoding="utf-8")
    done = runner.run("validate")
    assert done.code == 3
    assert runner.result("conforms") == ""
    assert runner.result("sarif") == ""
    assert "::error title=polcoop::validation could not be carried out (exit code 3)" in done.log
    assert paths.rsplit("\n", maxsplit=1)[-1] in done.log


def test_polcoops_own_shapes_without_any_others(runner: Runner) -> None:
    claim = (
        "@prefix polcoop: <https://w3id.org/polcoop/ontology#> .\n<https://example.org/c> a polcoop:Claim .\n"
    )
    (runner.workspace / "claim.ttl").write_text(claim, encoding="utf-8")
    runner.inputs |= {"shapes": "", "paths": "claim.ttl", "profile": "general"}
    done = runner.run("validate")
    assert done.code == 1, done.log
    assert "::error file=claim.ttl,line=2," in done.log


@pytest.mark.parametrize("name", ["paths", "shapes", "profile", "severity"])
def test_an_input_is_never_a_script_nor_an_option(runner: Runner, name: str) -> None:
    for value in ("$(touch hole)`touch hole`; touch hole", "--format=json=hole"):
        runner.inputs[name] = value
        assert runner.run("validate").code in {2, 3}
        assert not (runner.workspace / "hole").exists()


def test_every_input_is_used_and_explained() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name, told in ACTION["inputs"].items():
        assert f"inputs.{name} }}}}" in text
        assert told["description"]
    uses = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in uses), "a tag can be moved"


@pytest.mark.timeout(1500)
def test_the_action_installs_from_its_own_checkout_by_hash_and_judges(runner: Runner, checkout: Path) -> None:
    """The slow one (a minute): everything as on a new runner, from a copy of this checkout."""
    runner.source = checkout
    del runner.outputs["install"]
    python = runner.temporary / "python"
    python.mkdir()
    (python / "python").symlink_to(shutil.which("python3") or sys.executable)
    done = runner.run("install", PATH=f"{python}{os.pathsep}{os.environ['PATH']}")
    assert done.code == 0, done.log
    installed = Path(runner.outputs["install"]["polcoop"])
    assert installed.is_relative_to(runner.temporary)
    runner.inputs |= {"shapes": "", "paths": "people.ttl"}
    claim = (
        "@prefix polcoop: <https://w3id.org/polcoop/ontology#> .\n<https://example.org/c> a polcoop:Claim .\n"
    )
    (runner.workspace / "people.ttl").write_text(claim, encoding="utf-8")
    done = runner.run("validate")
    assert done.code == 1, done.log
    assert "::error file=people.ttl,line=2," in done.log
