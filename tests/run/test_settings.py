"""Settings are read strictly, and each explains itself."""

from pathlib import Path

import pytest

from hubbub.run.settings import FILE, Settings, explain, read_settings
from hubbub.terms.errors import BadInput


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


def test_the_file_names_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[traffic]\nlive_promise = "passage"\n')
    settings = read_settings(tmp_path)
    assert settings.traffic.live_promise == "passage"
    assert settings.server == Settings().server


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[server]\nport = "8000"', "$.server.port"),
        ("[server]\nport = 70000", "$.server.port"),
        ("[servr]\nport = 1", "servr"),
        ('[traffic]\nlive_promise = "none"', "$.traffic.live_promise"),
        ("[server", "TOML"),
        ("\xff", "TOML"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInput) as refused:
        read_settings(tmp_path)
    assert named in str(refused.value)


def test_every_setting_says_what_it_means_and_where_it_is_from(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[server]\nport = 8123\n")
    explained = {row.name: row for row in explain(tmp_path, read_settings(tmp_path))}
    assert all(row.meaning for row in explained.values())
    assert explained["server.port"].origin == str(tmp_path / FILE)
    assert explained["server.host"].origin == "default"
