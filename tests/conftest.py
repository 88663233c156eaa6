"""Shared by every test: how hard to look for counterexamples, where a browser and a Spark are."""

import gc
import importlib.util
import os
import re
import shutil
import subprocess
from functools import _lru_cache_wrapper, cache
from pathlib import Path

import hypothesis
import pytest

# Tests run side by side already: more threads in each only stand in each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

hypothesis.settings.register_profile("quick", max_examples=25, deadline=None)
hypothesis.settings.register_profile("nightly", max_examples=2000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NO_BROWSER = "no browser: install Debian's `chromium`, or run `playwright install chromium`"
QUIET_BROWSER = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_runtest_setup() -> None:
    """Let each test begin without what others made it remember, where mutmut is at work.

    mutmut notes which tests call what, and asks only those: of a query that is written once, only
    the first that wants it.
    """
    if "MUTANT_UNDER_TEST" in os.environ:
        for remembering in gc.get_objects():
            if isinstance(remembering, _lru_cache_wrapper):
                remembering.cache_clear()


def find_browser() -> Path | None:
    """Find a Chromium: the system's, or the one that Playwright keeps."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    kept = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    return next(iter(sorted(kept.glob("chromium-*/chrome-*/chrome"))), None)


@pytest.fixture(scope="session")
def browser_file() -> Path:
    """Give the browser's executable; without one the test is skipped, and the summary says so."""
    found = find_browser()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    return found


@pytest.fixture(scope="session")
def browser_flags() -> tuple[str, ...]:
    """Give the flags that keep a browser in a test from calling anybody."""
    return QUIET_BROWSER


JAVA_MIN = 17


@cache
def missing_for_spark() -> str:
    """Tell what is missing for a Spark; nothing if it can be started."""
    if importlib.util.find_spec("pyspark") is None:
        return "no pyspark: `make spark` brings it"
    java = shutil.which("java", path=f"{os.environ.get('JAVA_HOME', '')}/bin:{os.environ['PATH']}")
    if java is None:
        return f"no Java: install {JAVA_MIN} or newer, such as Debian's `default-jre-headless`"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_MIN:
        return f"no Java of {JAVA_MIN} or newer: {java} is another"
    return ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not looked at, and what was not asked."""
    if find_browser() is None:
        terminalreporter.section("NO PAGE WAS LOOKED AT", sep="!", red=True)
        terminalreporter.line(NO_BROWSER)
    skipped = (report.nodeid for report in terminalreporter.stats.get("skipped", []))
    if any(test.startswith("tests/spark/") for test in skipped):
        terminalreporter.section("SPARK WAS ASKED NOTHING", sep="!", red=True)
        terminalreporter.line(missing_for_spark())
