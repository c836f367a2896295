"""Every check of the project, each in a fresh environment of its own: ``python3 -m nox -l`` lists them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import nox

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
EXAMPLES = ("./examples/orderbridge-marketstall", "./examples/orderbridge-parcelhub")
PYPROJECT = nox.project.load_toml("pyproject.toml")

# Comes with nox itself, so a bare machine has it; `python3 -m venv` is a package of its own on Debian.
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = False
nox.options.sessions = ["tests", "lint", "types", "docs"]


def other_interpreters() -> list[str]:
    """The supported versions this machine has beside the one that runs nox.

    Each is really run: a name on the path may be a shim with no interpreter behind it.
    """
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    found: list[str] = []
    for version in SUPPORTED:
        program = shutil.which(f"python{version}")
        if version == here or program is None:
            continue
        if subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0:
            found.append(version)
    return found


OTHERS = other_interpreters()


def group(name: str) -> list[str]:
    """A list of requirements from ``[dependency-groups]``, which an old pip cannot read by itself."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


def run_tests(session: nox.Session, *chosen: str) -> None:
    """The suite against the package as it is installed, not as it lies in ``src``."""
    session.install(".[cli,keyring]", *EXAMPLES, *group("test"))
    # Whoever is free takes from whoever is not. One more than there are cores, because some tests wait for
    # processes that they started.
    workers = {"PYTEST_XDIST_AUTO_NUM_WORKERS": str((os.cpu_count() or 1) + 1)}
    options = ("-n", "auto", "--dist", "worksteal", "-o", "pythonpath=")
    session.run("pytest", *options, *chosen, *session.posargs, env=workers)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on this interpreter, then on every other supported one that works here."""
    for version in OTHERS:
        session.notify(f"tests_on-{version}")
    run_tests(session)


@nox.session(python=OTHERS or False, default=False)
def tests_on(session: nox.Session) -> None:
    """Run the tests on the interpreters that this machine has besides (`tests` asks for them)."""
    if not OTHERS:
        session.skip("no other supported interpreter works here")
    run_tests(session, "-m", "not slow")


@nox.session
def lint(session: nox.Session) -> None:
    """Check format and style."""
    session.install(*group("lint"))
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy and with pyright, both strict."""
    session.install(".[cli,keyring]", *group("types"))
    session.run("mypy")
    session.run("pyright", env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken link fails."""
    session.install(*group("docs"))
    session.run("mkdocs", "build", "--strict", *session.posargs, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Show orders going from a simulated shop to a simulated supplier; costs nothing, sends nothing."""
    session.install(".[cli,graphql]")
    session.run("orderbridge", "demo", *session.posargs)
