"""The snippets of README's "In CI" are right: inputs, hooks, options, formats exist, commands run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from serving import serving

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").split("## In CI\n")[1].split("\n## ")[0]
GITHUB, HOOKS, GITLAB = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", SECTION, re.S))
DIFF, CURL = re.findall(r"```sh\n(.*?)```", SECTION, re.S)
CLAIM = (
    "@prefix polcoop: <https://w3id.org/polcoop/ontology#> .\n\n<https://example.org/c> a polcoop:Claim .\n"
)


def load(name: str) -> object:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_action_has_the_inputs_and_outputs_that_are_shown() -> None:
    action = load("action.yml")
    (step,) = [step for step in GITHUB if step.get("id") == "polcoop"]
    assert set(step["with"]) <= set(action["inputs"])
    told = re.search(r"one a line; ([\w, -]+): see action.yml", SECTION)
    assert told
    assert {*told[1].split(", "), *step["with"]} == set(action["inputs"])
    assert set(re.findall(r"steps\.polcoop\.outputs\.(\w+)", SECTION)) <= set(action["outputs"])


def test_the_hooks_are_those_that_there_are() -> None:
    (repository,) = HOOKS["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == [
        hook["id"] for hook in load(".pre-commit-hooks.yaml")
    ]


def test_the_script_for_gitlab_validates(polcoop, tmp_path: Path) -> None:
    install, validate = GITLAB["polcoop"]["script"]
    assert install.startswith("pip install ")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "claim.ttl").write_text(CLAIM, encoding="utf-8")
    done = polcoop(*validate.split()[1:], cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "data/claim.ttl:3:1: violation:" in done.stdout
    assert "<failure" in (tmp_path / GITLAB["polcoop"]["artifacts"]["reports"]["junit"]).read_text(
        encoding="utf-8"
    )


def test_the_options_of_diff_exist(polcoop) -> None:
    text = polcoop("diff", "--help").stdout
    assert all(option in text for option in re.findall(r"polcoop diff .*?(--\w+) (?:markdown)", DIFF))
    assert "markdown" in text


def test_the_request_is_answered(tmp_path: Path) -> None:
    (tmp_path / "cooperation.ttl").write_text(CLAIM, encoding="utf-8")
    with serving(
        "--data", tmp_path, "--workers", "1", POLCOOP_ROOT=str(ROOT), POLCOOP_VALIDATION_TIMEOUT="200"
    ) as own:
        command = CURL.replace("http://127.0.0.1:8000", own.url)
        done = subprocess.run(
            ["bash", "-c", command],  # noqa: S607
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert "data.ttl:3:1: violation:" in done.stdout


@pytest.mark.parametrize("name", ["POLCOOP_MAX_DATA_BYTES", "POLCOOP_ROOT"])
def test_the_settings_exist(name: str) -> None:
    from polcoop.settings import Settings

    assert name in SECTION
    assert name.removeprefix("POLCOOP_").lower() in Settings.model_fields
    assert Settings.model_fields["max_data_bytes"].default == 4 << 20
