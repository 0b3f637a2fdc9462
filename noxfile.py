"""The named commands: `nox --list` shows them; each runs in an environment of its own."""

import nox

nox.options.sessions = ["quick"]


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def quick(session: nox.Session) -> None:
    """The README's tests: every module, in three minutes."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "pytest", "-q", *session.posargs)


@nox.session
def style(session: nox.Session) -> None:
    """Lint, format, spelling and types."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")
    session.run("mypy")


@nox.session
def coverage(session: nox.Session) -> None:
    """The quick tests, and which lines they run: fewer than the floor is an error."""
    session.install("-e", ".[dev]")
    session.run("coverage", "run", "-m", "pytest", "-q")
    session.run("coverage", "report", "--fail-under=95")


@nox.session
def night(session: nox.Session) -> None:
    """All tests, with 120 times as many random examples, new ones each time."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "pytest", "-q", "-m", "", *session.posargs, env={"HYPOTHESIS_PROFILE": "long"})


@nox.session
def docs(session: nox.Session) -> None:
    """The site, with the twin in the browser, into site/."""
    session.install("-e", ".[docs]")
    session.run("python", "docs/build.py")


@nox.session
def gate(session: nox.Session) -> None:
    """All that must pass before a change is merged."""
    session.run("bash", ".ci/run", external=True)


@nox.session
def release(session: nox.Session) -> None:
    """The wheel and the source distribution, built and tried, into dist/."""
    session.run("bash", ".ci/release", external=True)
