from __future__ import annotations

import pytest

from realtime.streams import stream_user, user_stream


@pytest.mark.parametrize(
    ("stream", "user_id"), [("user:7", 7), ("announcements", None), ("user:x", None)]
)
def test_a_stream_says_which_user_it_belongs_to(stream: str, user_id: int | None) -> None:
    assert stream_user(stream) == user_id


def test_a_user_stream_is_named_by_a_number_only() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        user_stream("1,announcements")
