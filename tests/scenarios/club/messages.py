"""The messages of the club to its members."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from realtime.protocol.messages import Payload


class ClubNews(Payload, frozen=True, kw_only=True):
    """Something happened in the club."""

    wire_type = "club_news"
    carried_by = "stream"
    filter_types = ("club",)
    line = "{headline}"
    example = {"stream": "user:17", "offset": 47, "data": {"headline": "Amina has scored"}}

    headline: Annotated[str, Meta(min_length=1, max_length=200)]
    """One line of plain text."""


class ClubScore(Payload, frozen=True, kw_only=True):
    """The newest score of the match."""

    wire_type = "club_score"
    carried_by = "room"
    line = "{home} to {away}"
    example = {"room": "club", "data": {"home": 1, "away": 0}}

    home: int
    """What our side has scored."""
    away: int
    """What the other side has scored."""


class ClubMembers(Payload, frozen=True, kw_only=True):
    """The number of members of the club."""

    wire_type = "club_members"
    line = "{members} members"
    example = {"data": {"members": 11}}

    members: int
    """All of them, connected or not."""
