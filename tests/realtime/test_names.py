from __future__ import annotations

import pytest
from channels.layers import InMemoryChannelLayer

from realtime import names


@pytest.mark.parametrize(
    "stream", ["user:7", "announcements", "user:" + "9" * 90, "odd name/ü", "a\n", "user.7-x"]
)
def test_every_stream_has_a_group_name_that_layers_accept(stream: str) -> None:
    InMemoryChannelLayer().require_valid_group_name(names.stream_group(stream))


def test_two_streams_never_share_a_group() -> None:
    streams = ["user:7", "user.7", "user:77", "announcements", "user:7\n"]
    assert len({names.stream_group(stream) for stream in streams}) == len(streams)


@pytest.mark.parametrize(
    ("stream", "user_id"), [("user:7", 7), ("announcements", None), ("user:x", None)]
)
def test_it_knows_whose_stream_it_is(stream: str, user_id: int | None) -> None:
    assert names.stream_user(stream) == user_id


def test_a_user_stream_is_named_by_a_number_only() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        names.user_stream("1,announcements")
