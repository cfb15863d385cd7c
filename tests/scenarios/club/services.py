"""The events that the club publishes, and the message computed for each member."""

from __future__ import annotations

from collections.abc import Sequence

from realtime.publish import Ephemeral, publish, publish_ephemeral, publish_many
from realtime.streams import user_stream
from tests.scenarios.club.messages import ClubMembers, ClubNews, ClubScore
from tests.scenarios.club.room import MEMBERSHIPS

MATCHES = "matches"  # a stream for everybody


def news_publish(*, headline: str) -> None:
    """Tell each member of the news, once and in order."""
    members = MEMBERSHIPS._default_manager.filter(group__name="club")
    users = members.values_list("user_id", flat=True)
    publish_many([(user_stream(user_id), ClubNews(headline=headline)) for user_id in users])


def match_publish(*, headline: str) -> None:
    """Tell all users of a match, once and in order."""
    publish(MATCHES, ClubNews(headline=headline))


def score_publish(*, home: int, away: int) -> None:
    """Show the score in the room; the newest is enough."""
    publish_ephemeral("club", [Ephemeral(("club",), "score", ClubScore(home=home, away=away))])


def members_load(user_ids: Sequence[int]) -> dict[int, ClubMembers]:
    """Count the members, for each of these users that is one."""
    members = MEMBERSHIPS._default_manager.filter(group__name="club")
    users = set(members.values_list("user_id", flat=True))
    return {user_id: ClubMembers(members=len(users)) for user_id in users.intersection(user_ids)}
