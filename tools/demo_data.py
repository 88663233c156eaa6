# ruff: noqa: INP001
"""Makes the data that the demo ships: the extract as it is, two mornings as phones tell them.

python tools/demo_data.py FOLDER_WITH_THE_CITY   (helsinki.osm.pbf, day1/, day2_incident/)
"""

import shutil
import sys
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

COLUMNS: Final = ("device", "t", "lon", "lat", "speed", "course", "acc")
MORNINGS: Final = {"day1": "morning1.parquet", "day2_incident": "morning2.parquet"}
TARGET: Final = Path(__file__).parents[1] / "src" / "hubbub" / "demo_data"


def main(source: Path) -> None:
    """Write the demo's files."""
    shutil.copyfile(source / "helsinki.osm.pbf", TARGET / "helsinki.osm.pbf")
    for day, name in MORNINGS.items():
        pings = pq.read_table(source / day / "pings.parquet", columns=list(COLUMNS))
        pq.write_table(
            pings.sort_by([("device", "ascending"), ("t", "ascending")]),
            TARGET / name,
            compression="zstd",
            compression_level=19,
            # values repeat: a dictionary of a whole column halves what other encodings need
            use_dictionary=[column for column in COLUMNS if column != "t"],
            dictionary_pagesize_limit=4 << 20,
            column_encoding={"t": "DELTA_BINARY_PACKED"},
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
