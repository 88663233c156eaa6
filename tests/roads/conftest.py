"""Cities that many tests look at, built once."""

import pytest

from hubbub.record.roads.city import City, build_city
from hubbub.run.city import DEMO_EXTRACT
from roads.rig import quiet
from roads.town import write_extract


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("town")
    pbf = write_extract(folder / "town.osm.pbf")
    return build_city(pbf, folder / "city" / "littleton", name="Littleton", progress=quiet)


@pytest.fixture(scope="session")
def helsinki(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("helsinki") / "helsinki"
    return build_city(DEMO_EXTRACT, folder, name="Helsinki", progress=quiet)
