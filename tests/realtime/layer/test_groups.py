"""Names of groups for the channel layer."""

from __future__ import annotations

import pytest
from channels.layers import InMemoryChannelLayer

from realtime.layer import groups


@pytest.mark.parametrize(
    "stream", ["user:7", "announcements", "user:" + "9" * 90, "odd name/ü", "a\n", "user.7-x"]
)
def test_every_stream_has_a_group_name_that_layers_accept(stream: str) -> None:
    InMemoryChannelLayer().require_valid_group_name(groups.stream_group(stream))


def test_two_streams_never_share_a_group() -> None:
    streams = ["user:7", "user.7", "user:77", "announcements", "user:7\n"]
    assert len({groups.stream_group(stream) for stream in streams}) == len(streams)
