"""What pyproject.toml cannot say: the package carries the project's own files.

An installed polcoop finds ontology, instances, shapes, rules and queries in ``polcoop/shipped``: what it
judges other people's data by, and what it compiles into the dataset that it queries and serves.  An editable
one finds them in the checkout (``shipped`` in ``polcoop.sources.project``).
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = (
    "ontology/**/*.ttl",
    "instances/**/*.ttl",
    "shapes/**/*.ttl",
    "queries/**/*.ttl",
    "queries/**/*.rq",
    "queries/**/*.csv",
    "CITATION.cff",
    "catalogue.ttl",
)


class BuildWithProject(build_py):
    """Builds the package, then lays the project's own files into it."""

    def run(self) -> None:
        """Build (called by setuptools)."""
        super().run()
        if self.editable_mode:
            return
        root, target = Path(__file__).parent, Path(self.build_lib, "polcoop", "shipped")
        for pattern in SHIPPED:
            for source in sorted(root.glob(pattern)):
                copy = target / source.relative_to(root)
                self.mkpath(str(copy.parent))
                self.copy_file(str(source), str(copy))


setup(cmdclass={"build_py": BuildWithProject})
