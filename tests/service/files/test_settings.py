"""Settings of files: valid values, and one line for each invalid one."""

import pytest

from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES
from service.files.settings import FileSettings
from telemetry.config import SettingError


def test_accepted_types_can_be_restricted():
    config = FileSettings.from_env(
        {
            "FILES_TYPES": "image/png, text/plain",
            "FILES_QUOTA_BYTES": "1000",
            "FILES_QUOTA_COUNT": "3",
        }
    )
    assert (config.file_types, config.file_quota_bytes, config.file_quota_count) == (
        ("image/png", "text/plain"),
        1000,
        3,
    )


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("FILES_TYPES", "text/html", ", ".join(ACCEPTED_MEDIA_TYPES)),
        ("FILES_QUOTA_BYTES", "0", "greater than or equal to 1"),
        ("FILES_QUOTA_COUNT", "many", "integer"),
        ("FILES_UPLOAD_SECONDS", "0", "greater than 0"),
    ],
)
def test_invalid_value_is_reported_in_one_line(name, value, allowed):
    with pytest.raises(SettingError) as refused:
        FileSettings.from_env({name: value})
    text = str(refused.value)
    assert ("\n" in text, name in text, allowed in text) == (False, True, True), text
