"""Builds the routing tiles of a city from its extract, tuned for matching phones."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import valhalla

from hubbub.terms.errors import BadInput

CONFIG: Final = "valhalla.json"
TILES: Final = "tiles.tar"
TRAFFIC: Final = "traffic.tar"

BETA: Final = 10  # transitions; measured better than the default 3, and ignored in a request
NODES_RESERVED: Final = 1_000_000  # that the builder keeps room for at a time

type Settings = dict[str, dict[str, Any]]
"""Valhalla's settings, in Valhalla's shape."""


def build_tiles(pbf: Path, folder: Path) -> None:
    """Build `tiles.tar`, an empty `traffic.tar` and their `valhalla.json` in `folder`."""
    loose = folder / "tiles"
    loose.mkdir()
    config = folder / CONFIG
    _write(_settings(), config)
    place_config(folder)
    builder = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    _run([str(builder), "-c", str(config), str(pbf)], of=pbf)
    if not any(loose.rglob("*.gph")):
        raise BadInput(f"{pbf.name} has no roads that can be driven or walked")
    pack = [sys.executable, "-m", "valhalla.valhalla_build_extract", "--with-traffic"]
    _run([*pack, "-c", str(config)], of=pbf)
    shutil.rmtree(loose)


def place_config(folder: Path) -> Path:
    """Make the settings name the files where they are now: a home can be moved. Give their path."""
    config = folder / CONFIG
    settings = msgspec.json.decode(config.read_bytes(), type=Settings)
    here = folder.resolve()
    places = {
        "tile_dir": str(here / "tiles"),
        "tile_extract": str(here / TILES),
        "traffic_extract": str(here / TRAFFIC),
    }
    if not places.items() <= settings["mjolnir"].items():
        settings["mjolnir"] |= places
        _write(settings, config)
    return config


def _settings() -> Settings:
    """Choose the settings that differ from Valhalla's own."""
    settings: Settings = valhalla.get_config(tile_extract="", tile_dir="", verbose=False)
    settings["mjolnir"] |= {
        "admin": "",
        "timezone": "",
        "concurrency": 1,  # with two, the numbers of edges differ from one build to the next
        "id_table_size": NODES_RESERVED,
        "include_pedestrian": True,
        "logging": {"type": ""},
    }
    settings["mjolnir"]["data_processing"]["use_admin_db"] = False
    settings["meili"]["default"]["beta"] = BETA
    return settings


def _write(settings: Settings, config: Path) -> None:
    """Write the settings; another process reads the old ones or the new."""
    fresh = config.with_suffix(".new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(settings), indent=1))
    fresh.replace(config)


def _run(command: list[str], *, of: Path) -> None:
    """Run a builder and stay quiet, unless it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise BadInput(f"no road tiles can be built from {of.name}: {last}")
