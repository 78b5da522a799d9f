"""The command that asks HermiT: reason (OWL 2 DL)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polcoop.cli.options import RootOption
from polcoop.cli.verdict import verdict

if TYPE_CHECKING:
    from polcoop.quality.profile import ProfileViolation
    from polcoop.quality.reasoning import Explanation, ReasoningReport

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help="RDF files or folders to judge instead of the project's own data.", show_default=False
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's command to ``app``."""
    app.command("reason")(reason)


def reason(
    paths: Paths = None,
    root: RootOption = Path(),
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds HermiT may take for its verdict.")
    ] = 600,
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds to spend on explaining.")
    ] = 60,
) -> None:
    """Ask HermiT whether the ontology and the data are consistent, and if not, what clashes.

    Without PATH, the ontology with alignments, vocabularies, instances and all that is computed; with PATH,
    those files on that background.  What is outside OWL 2 DL is listed too.  Exit code 1 when something is
    wrong.
    """
    from polcoop.cli.progress import progress
    from polcoop.quality.material import of_files, of_project
    from polcoop.quality.profile import violations
    from polcoop.quality.reasoning import reason as run
    from polcoop.sources.project import Project, at_hand

    with progress("reasoning") as report:
        project = Project(at_hand(root) if paths else root)
        material = (
            of_files(project, paths, report, alignments=True)
            if paths
            else of_project(project, report, alignments=True)
        )
        graph = material.union
        report("OWL 2 DL profile")
        outside = violations(graph)
        report("HermiT")
        found = run(graph, seconds=timeout, patience=patience)
    with verdict(1 if outside or not found.fine else 0):
        for violation in outside:
            typer.echo(_profile_block(violation))
        typer.echo(_verdict(found, len(outside)))
        for explanation in found.explanations:
            typer.echo(_explained(explanation))


def _profile_block(violation: ProfileViolation) -> str:
    return f"outside OWL 2 DL: {violation.rule}\n  {violation.subject} {violation.detail}\n"


def _verdict(report: ReasoningReport, outside: int) -> str:
    from polcoop.iris import shrink
    from polcoop.quality.wording import plural

    size = f"{report.terminology} axioms, {report.assertions} assertions, {report.seconds:.1f} s"
    if not report.consistent:
        text = f"Inconsistent ({size})"
    elif report.unsatisfiable:
        names = ", ".join(shrink(iri) for iri in report.unsatisfiable)
        text = f"Consistent, but these classes can have no member: {names} ({size})"
    else:
        text = f"Consistent, every class can have a member ({size})"
    if outside:
        text += f"; outside OWL 2 DL in {plural(outside, 'place')}, what HermiT cannot read was not judged"
    if not report.fine and not report.explanations:
        text += "\nNo explanation was found in time; --patience gives it more."
    return text


def _explained(explanation: Explanation) -> str:
    from polcoop.quality.wording import plural

    head = f"{explanation.about} can have no member, because of:" if explanation.about else "These clash:"
    lines = ["", head, *(f"  {text}" for text in (*explanation.axioms, *explanation.assertions))]
    if not explanation.minimal:
        lines.append("  (time ran out: not all of these need be guilty, and axioms may be missing)")
    if explanation.individuals:
        lines.append("Individuals to look at:")
    for individual in explanation.individuals:
        lines.append(f"  {individual.name}")
        lines += [f"    {statement}" for statement in individual.statements]
        if individual.left_out:
            lines.append(f"    and {plural(individual.left_out, 'statement')} more")
    return "\n".join(lines)
