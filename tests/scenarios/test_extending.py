"""docs/extending.md: an app from outside adds each thing in one place, and it works.

The app is `tests/scenarios/club`. The page shows its files, and a server runs with it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from realtime.client import Client as PythonClient
from tests.nodes import ALICE, BOB, STAFF, USERS, connect, token_for
from tests.services.environment import ROOT
from tests.services.server import Server

pytestmark = pytest.mark.servers
CLUB = "tests/scenarios/club"
PAGE = (ROOT / "docs/extending.md").read_text()
MEMBERS = """
from django.contrib.auth.models import Group
club = Group.objects.create(name="club")
club.user_set.add(*User.objects.filter(username__in=["alice", "bob"]))
User.objects.get(username="charlie").user_permissions.add(
    Permission.objects.get(codename="change_group")
)
"""
# Checks in a shell of the app: the log's line, the declarations, and a feed that runs.
_ASK = """
import asyncio, json
from hoardrun.market.models import Instrument
from hoardrun.market.engine.runtime import Runtime
from hoardrun.market.engine.tasks import first_of
from realtime.protocol.export import lines, typescript
Instrument.objects.create(symbol="CLUB", name="The club", type="stock", currency="USD")
quotes, stop = [], asyncio.Event()
def publish(batch):
    quotes.extend(str(quote.price) for quote in batch)
    len(quotes) > 1 and stop.set()
async def main():
    runtime = Runtime(["club"], publish=publish, interval=0.01, symbols=["CLUB"])
    await first_of(stop.wait(), runtime.run())
asyncio.run(main())
print(json.dumps({"quotes": quotes, "declared": typescript.declarations(),
                  "line": lines.line("club_news", {"headline": "We won"})}))
"""


@pytest.fixture(scope="module")
def club() -> Iterator[Server]:
    env = {
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": f"{CLUB.replace('/', '.')}.settings",
        "CLUB_FIRST_PRICE": "200",
        "CLUB_PRICE": "300",
    }
    with Server(env=env, prepare=USERS + MEMBERS) as server:
        yield server


def tell(server: Server, headline: str) -> None:
    body, token = {"headline": headline}, token_for(STAFF)
    assert server.request("POST", "/club/news", json=body, token=token).status == 204


def test_the_page_shows_the_files_of_the_app() -> None:
    shown = re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
    assert len(shown) == PAGE.count("```python")
    for name, code in shown:
        assert code in (ROOT / name).read_text(), f"{name} differs from what the page shows"
    named = {name.removeprefix(f"{CLUB}/") for name, _ in shown}
    assert named == {"messages.py", "services.py", "room.py", "feed.py", "options.py", "app.py"}


async def test_an_event_reaches_members_and_its_computed_message_follows(club: Server) -> None:
    alice = await connect(club, ALICE, query={"types": "club"})
    bob = await connect(club, BOB, query={"types": "security"})
    async with alice, bob:
        assert (await bob.receive("club_members"))["data"] == {"members": 2}
        await alice.receive("club_members")
        tell(club, "We won")
        news = await alice.receive("club_news")
        assert news["data"] == {"headline": "We won"}
        assert news["stream"] == f"user:{ALICE}"
        assert (await alice.receive("club_members"))["data"] == {"members": 2}
        await bob.receive("club_members")  # follows the event, which the filter left out
        assert "club_news" not in {message["type"] for message in bob.journal}
        positions = (await bob.ping())["data"]["positions"]
        begin = bob.greeting["positions"][f"user:{BOB}"]["offset"]
        assert positions[f"user:{BOB}"]["offset"] == begin + 1


async def test_a_declared_stream_is_followed_and_resumed_by_every_user(club: Server) -> None:
    publish = "from tests.scenarios.club.services import *; match_publish(headline='On Sunday')"
    await asyncio.to_thread(club.shell, publish)
    async with await connect(club, STAFF, since="matches:0") as staff:
        assert list(staff.greeting["positions"]) == [f"user:{STAFF}", "announcements", "matches"]
        assert len(staff.greeting["epoch"].split(".")) == 3
        match = await staff.receive("club_news")
        assert (match["stream"], match["offset"]) == ("matches", 1)
        acked = await staff.request(type="ack", stream="matches", offset=1)
        assert acked["data"]["stream"] == "matches"


async def test_a_room_is_listed_and_sends_its_messages_to_members_only(club: Server) -> None:
    async with await connect(club, ALICE) as alice, await connect(club, STAFF) as staff:
        assert (await staff.request(type="join_room", room="club"))["data"]["rooms"] == ["club"]
        await alice.join("club")
        listed = (await alice.request(type="list_rooms"))["data"]["rooms"]
        assert "club" in {room["name"] for room in listed}
        tell(club, "It begins")
        score = await alice.receive("club_score")
        assert (score["room"], score["data"]) == ("club", {"home": 0, "away": 0})


async def test_the_python_client_takes_an_unknown_type(club: Server) -> None:
    async def get_token(reason: str) -> str:
        return token_for(ALICE)

    came: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def take(data: Any, message: dict[str, Any]) -> None:
        with suppress(asyncio.InvalidStateError):
            came.set_result(data)

    client = PythonClient(club.ws_url, get_token, types=["club"])
    client.on("club_news", take)
    async with client, asyncio.timeout(20):
        await client.wait_connected()
        await asyncio.to_thread(tell, club, "Read me")
        assert await came == {"headline": "Read me"}


def test_the_document_has_the_messages_and_the_filter_type(club: Server) -> None:
    document = club.request("GET", "/ws/schema").json()
    messages = document["components"]["messages"]
    frame = messages["club_news"]["payload"]
    assert {"stream", "offset"} <= set(frame["required"])
    assert messages["club_news"]["examples"][0]["payload"]["data"]["headline"] == "Amina has scored"
    assert "room" in messages["club_score"]["payload"]["required"]
    types = document["components"]["schemas"]["SubscribeNotifications"]["properties"]["types"]
    assert types["items"]["enum"][-1] == "club"
    sent = {
        ref["$ref"].rpartition("/")[2]
        for name in ("events", "room_messages", "notices")
        for ref in document["operations"][f"send_{name}"]["messages"]
    }
    assert {"club_news", "club_score", "club_members"} <= sent


def test_the_console_has_the_form_and_the_line_of_the_log(club: Server) -> None:
    page = club.request("GET", "/ws/test").text
    found = re.search(r'<script[^>]*id="console-config"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    config = json.loads(found[1])
    [form] = [form for form in config["triggers"] if form["type"] == "club_news"]
    assert (form["path"], list(form["fields"])) == ("/club/news", ["headline"])
    assert config["lines"]["club_news"] == "{headline}"
    [subscribe] = [each for each in config["commands"] if each["type"] == "subscribe_notifications"]
    assert "club" in subscribe["fields"]["types"]["items"]["enum"]


def test_a_shell_has_the_feed_the_line_and_the_declarations(club: Server) -> None:
    found = json.loads(club.shell(_ASK).splitlines()[-1])
    assert found["quotes"][:2] == ["200", "201"]
    assert found["line"] == "We won"
    assert "export interface ClubNews {" in found["declared"]
    assert '| "club_news"' in found["declared"]


def test_an_option_is_shown_and_an_unknown_variable_is_warned_of(club: Server) -> None:
    rows = {row["variable"]: row for row in json.loads(club.manage("settings", "--json"))}
    row = rows["CLUB_FIRST_PRICE"]
    assert (row["value"], row["default"], row["source"]) == (200, 100, "variable")
    assert row["documentation"] == "What a share costs when the feed begins."
    assert "CLUB_PRICE is set, and no option has that name" in club.log()
