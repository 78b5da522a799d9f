"""``make release-check``: is this tree fit to be released?  Prints what was checked; exit code 1 when
anything is not."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

import yaml
from packaging.metadata import Metadata
from packaging.version import Version

from polcoop.errors import PolcoopError
from polcoop.iris import ONTOLOGY, PREFIXES
from polcoop.sources.dataset import Manifest
from polcoop.sources.project import Project
from polcoop.sources.turtle import read

_CORE = ONTOLOGY.removesuffix("#")
_PLURALS = {"claim": "claims", "entity": "entities", "term": "terms"}
_CHANGES = ("added", "removed", "changed")
_HELD = ("ontology", "instances", "shapes", "queries")


def versions(root: Path, version: str) -> Iterator[str]:
    """Package, ontology, dataset and CITATION.cff have one version and one date."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    if str(citation["version"]) != version:
        yield f"CITATION.cff has version {citation['version']}, pyproject.toml {version}"
    dates = []
    for path in sorted((root / "ontology").rglob("*.ttl")):
        name = path.relative_to(root).as_posix()
        for subject, stated in _headers(path).items():
            own = stated.get("versionInfo", "")
            if subject == _CORE:
                dates = [stated[each][:10] for each in ("created", "issued", "modified") if each in stated]
                if own != version:
                    yield f"{name} has owl:versionInfo {own!r}, pyproject.toml {version}"
            elif own and Version(own) > Version(version):
                yield f"{name} has owl:versionInfo {own}, newer than the release {version}"
            iri = stated.get("versionIRI", "")
            if iri and not iri.endswith(f"/{own}"):
                yield f"{name} has owl:versionIRI {iri}, but owl:versionInfo {own}"
    if citation["date-released"] != (newest := max(dates, default="no date")):
        yield f"CITATION.cff is of {citation['date-released']}, the ontology of {newest}"


def dataset(root: Path, version: str) -> Iterator[str]:
    """The compiled dataset is that of these files, and knows its version."""
    manifest = Manifest.load(root / "build" / "dataset" / "current")
    if manifest.sources != Project(root).digest:
        yield "build/dataset is older than its sources: polcoop compile"
    if manifest.release != version:
        yield f"the compiled dataset has version {manifest.release!r}, pyproject.toml {version}"


def note(root: Path, version: str) -> Iterator[str]:
    """CHANGELOG.md has a section for this version that tells what changed in the data."""
    section = _section(root, version)
    if section is None:
        yield f"CHANGELOG.md has no section '## {version}'"
    elif (newest := _newest(root)) != version:
        yield f"the newest section of CHANGELOG.md is {newest}, pyproject.toml has {version}"
    elif not _data(section):
        yield f"the section {version} of CHANGELOG.md has no '### Data' that tells what changed in the data"


def changes(root: Path, version: str) -> Iterator[str]:
    """The note counts what changed in the data since the last tag, as ``polcoop diff`` counts it."""
    before = _last_tag(root, version)
    if before is None:
        print("     no earlier tag: there is nothing to compare the data with")
        return
    found = _difference(root, before)
    if not found:
        return
    if Version(before.removeprefix("v")) >= Version(version):
        yield f"the data changed since {before}, and the version is still {version}"
    counted = f"Since {before}: {'; '.join(found)}."
    if counted not in " ".join(_data(_section(root, version) or "").split()):
        yield f"the section {version} of CHANGELOG.md does not say under '### Data': {counted}"


def artifacts(root: Path, version: str) -> Iterator[str]:
    """Source distribution and wheel can be built, and say and hold what they should."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory)
        built = _run(root, "build", "--no-isolation", "--outdir", out, ".")
        if built.returncode:
            yield f"the package cannot be built: {(built.stderr or built.stdout).strip().splitlines()[-1]}"
            return
        (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
        yield from _metadata(wheel, version)
        yield from _held(root, sdist, wheel)
        judged = _run(root, "check_wheel_contents", wheel)
        if judged.returncode:
            yield f"check-wheel-contents: {(judged.stdout + judged.stderr).strip()}"


CHECKS = (versions, dataset, note, changes, artifacts)


def _headers(path: Path) -> dict[str, dict[str, str]]:
    """What the ontologies and schemes that a file declares say of themselves."""
    kinds = {f"{PREFIXES['owl']}Ontology", f"{PREFIXES['skos']}ConceptScheme"}
    quads = read(path)
    headers: dict[str, dict[str, str]] = {
        quad.subject.value: {}
        for quad in quads
        if quad.predicate.value.endswith("#type") and getattr(quad.object, "value", "") in kinds
    }
    for quad in quads:
        if getattr(quad.subject, "value", "") in headers:
            key = re.split(r"[/#]", quad.predicate.value)[-1]
            headers[quad.subject.value][key] = getattr(quad.object, "value", "")
    return headers


def _newest(root: Path) -> str | None:
    found = re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else None


def _section(root: Path, version: str) -> str | None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(version)}\b.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else None


def _data(section: str) -> str:
    found = re.search(r"^### Data\n(.*?)(?=^### |\Z)", section, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def _last_tag(root: Path, version: str) -> str | None:
    command = ["git", "tag", "--list", "v[0-9]*", "--sort=-v:refname", "--merged", "HEAD"]
    tags = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.split()
    return next((tag for tag in tags if tag != f"v{version}"), None)


def _difference(root: Path, before: str) -> list[str]:
    """``claims 2 added, 1 changed`` and the like."""
    command = [sys.executable, "-m", "polcoop", "diff", before, "HEAD", "--format", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"polcoop diff {before} failed: {done.stderr.strip()}")
    counts = Counter((node["kind"], node["change"]) for node in json.loads(done.stdout)["nodes"])
    found = []
    for kind, plural in _PLURALS.items():
        if told := [f"{counts[kind, change]} {change}" for change in _CHANGES if counts[kind, change]]:
            found.append(f"{plural} {', '.join(told)}")
    return found


def _metadata(wheel: Path, version: str) -> Iterator[str]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        raw = archive.read(name)
    try:
        metadata = Metadata.from_email(raw, validate=True)
    except ExceptionGroup as error:
        yield f"the wheel's metadata: {'; '.join(map(str, error.exceptions))}"
        return
    if str(metadata.version) != version:
        yield f"the wheel has version {metadata.version}, pyproject.toml {version}"
    if not BytesParser().parsebytes(raw).get_payload():
        yield "the wheel's metadata has no description"


def _held(root: Path, sdist: Path, wheel: Path) -> Iterator[str]:
    wanted = {
        path.relative_to(root).as_posix()
        for folder in _HELD
        for path in (root / folder).rglob("*")
        if path.suffix in {".ttl", ".rq", ".csv"}
    }
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as packed:
        in_wheel = {name.removeprefix("polcoop/shipped/") for name in packed.namelist()}
    for place, there in (("source distribution", in_sdist), ("wheel", in_wheel)):
        if missing := sorted(wanted - there):
            yield f"the {place} lacks {len(missing)} files of the project, {missing[0]} for instance"


def _run(root: Path, module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def main() -> int:
    """Run the checks; return the exit code."""
    names = [check.__name__ for check in CHECKS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checks", nargs="*", choices=[*names, []], help="by default all")
    parser.add_argument("--root", type=Path, default=Path())
    arguments = parser.parse_args()
    project = tomllib.loads((arguments.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    failed = False
    for check in CHECKS:
        if arguments.checks and check.__name__ not in arguments.checks:
            continue
        try:
            problems = list(check(arguments.root, project["version"]))
        except PolcoopError as error:
            problems = [str(error)]
        failed = failed or bool(problems)
        print("no  " if problems else "yes ", (check.__doc__ or "").strip())
        for problem in problems:
            print(f"     {problem}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
