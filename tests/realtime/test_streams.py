"""Names of streams, and the streams that each user follows."""

from __future__ import annotations

import pytest

from realtime import streams
from realtime.streams import stream_user, user_stream


@pytest.mark.parametrize(
    ("stream", "user_id"),
    [
        *(("user:7", 7), ("announcements", None), ("user:x", None)),
        *(("user:²", None), ("user:٧", None), ("user:" + "9" * 5000, None)),
    ],
)
def test_the_name_of_a_user_stream_has_the_user(stream: str, user_id: int | None) -> None:
    assert stream_user(stream) == user_id


def test_a_user_stream_needs_a_number() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        user_stream("1,announcements")


def test_a_declared_stream_is_followed_by_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_shared", ["announcements"])
    assert streams.declare("matches") == streams.declare("matches") == "matches"
    assert streams.streams_of(7) == ("user:7", "announcements", "matches")


@pytest.mark.parametrize("name", ["", "user", "user:7", "Matches", "a" * 31, "a,b"])
def test_an_ambiguous_name_of_a_stream_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a stream"):
        streams.declare(name)
