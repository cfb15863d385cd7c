"""`manage.py tail`: what a user is sent, on a terminal or for a program."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.nodes import ALICE, broadcast, push_balance
from tests.services import environment, secrets
from tests.services.ports import PATIENCE, free_port
from tests.services.server import Server, manage

pytestmark = pytest.mark.servers


class Tail:
    """The command as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def read(self, word: str, stream: str = "stdout") -> str:
        """Return the next line with a word in it."""
        source = getattr(self.process, stream)
        async with asyncio.timeout(20 * PATIENCE):
            while line := (await source.readline()).decode():
                if word in line:
                    return str(line.rstrip("\n"))
        raise AssertionError(f"it ended without {word!r}")

    async def end(self) -> tuple[int, str, str]:
        """Send Ctrl-C; return its exit status and what else it has printed."""
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20 * PATIENCE):
            out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def tailing(server: Server, *arguments: str, **env: str) -> AsyncIterator[Tail]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "tail", *arguments),
        env={**server.env, **env},
        cwd=environment.ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A run in the background ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield Tail(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


CREATE = """
from django.contrib.auth.models import User
User.objects.create(username={!r}, is_active={})
"""


async def announce(server: Server, title: str) -> None:
    body = {"title": title, "message": "Grüezi"}
    await asyncio.to_thread(broadcast, server, "announcement", body)


async def test_it_prints_each_message_and_ctrl_c_ends_it(served: Server) -> None:
    async with tailing(
        served, "alice", "--url", served.ws_url, "--room", "market_data:TEST"
    ) as command:
        assert await command.read("connect", "stderr") == "connecting"
        assert await command.read("connect", "stderr") == "connected"
        await command.read("connection_established")
        offset = push_balance(served, ALICE, 1250)["offset"]
        line = await command.read("balance_update")
        assert f"user:{ALICE}#{offset}" in line
        assert "1250 UGX" in line
        assert "market_data:TEST" in await command.read("market_update")
        await announce(served, "A\x1b[2Jtitle")
        assert "\x1b" not in await command.read("system_announcement")
        code, out, err = await command.end()
        assert code == 0
        assert "Traceback" not in err
        assert not secrets.leaked(out + err)


async def test_json_is_one_message_a_line_and_nothing_else(served: Server) -> None:
    offset = push_balance(served, ALICE, 1)["offset"]
    arguments = ("--json", "--types", "balance", "--since", str(offset - 1))
    async with tailing(served, "alice", "--url", served.ws_url, *arguments) as command:
        first = json.loads(await command.read("balance_update"))
        assert (first["offset"], first["data"]["available_balance"]) == (offset, "1")
        push_balance(served, ALICE, 2)
        second = json.loads(await command.read("balance_update"))
        assert second["offset"] == offset + 1
        code, out, err = await command.end()
        assert code == 0
        for line in out.splitlines():
            json.loads(line)


async def test_unprintable_characters_are_escaped_for_a_terminal(served: Server) -> None:
    title = "Zürich\x9b2J"
    arguments = ("alice", "--url", served.ws_url)
    async with (
        tailing(served, *arguments, PYTHONIOENCODING="ascii") as plain,
        tailing(served, *arguments, "--json", PYTHONIOENCODING="ascii") as ascii,
        tailing(served, *arguments, "--json", PYTHONIOENCODING="utf-8") as whole,
    ):
        for command in (plain, ascii, whole):
            await command.read("connection_established")
        await announce(served, title)
        assert "Z?rich 2J" in await plain.read("system_announcement")
        for command in (ascii, whole):
            text = await command.read("system_announcement")
            assert json.loads(text)["data"]["title"] == title
            assert "\x9b" not in text
        await announce(served, "Zürich")
        assert "Grüezi" in await whole.read("Zürich")
        for command in (plain, ascii, whole):
            assert "Traceback" not in (await command.end())[2]


async def test_it_tries_a_missing_server_again(served: Server) -> None:
    nowhere = f"ws://127.0.0.1:{free_port()}/ws/notifications"
    async with tailing(served, "alice", "--url", nowhere) as command:
        for _ in range(2):
            assert "again in" in await command.read("disconnected", "stderr")
        code, out, err = await command.end()
        assert (code, out) == (0, "")
        assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody"], "There is no user 'nobody'."),
        (["alice", "--since", "yesterday"], "argument --since: takes `now` or an offset from 0."),
        (["alice", "--types", "everything"], "argument --types: invalid choice: 'everything'"),
        (["alice", "--since", "9" * 30], "argument --since: takes `now` or an offset from 0."),
        (["alice", "--url", "http://localhost"], "is no address of a server: write it like ws:"),
        (["alice", "--url", "ws://127.0.0.1:99999"], "is no address of a server"),
        (["alice", "--url", "ws://[::1"], "is no address of a server"),
    ],
)
def test_invalid_arguments_are_one_clear_error(
    served: Server, arguments: list[str], says: str
) -> None:
    with pytest.raises(RuntimeError) as failed:
        served.manage("tail", *arguments)
    assert says in str(failed.value)
    assert "Traceback" not in str(failed.value)


@pytest.mark.parametrize(
    ("words", "env", "says"),
    [
        (["--room", "nope"], {}, "There is no room 'nope' that you may join"),
        (["--url", "wss://127.0.0.1:{port}"], {}, "does not speak TLS: use ws://"),
        ([], {"SECRET_KEY": "of another shell, " * 4}, "SECRET_KEY, or its key of access tokens"),
    ],
)
def test_it_ends_with_an_error_that_no_retry_will_mend(
    served: Server, words: list[str], env: dict[str, str], says: str
) -> None:
    words = ["--url", f"ws://127.0.0.1:{served.port}", *words]  # the path is understood
    words = [word.format(port=served.port) for word in words]
    finished = manage("tail", "alice", *words, **(served.env | env))
    assert finished.returncode == 1
    assert says in finished.stderr.splitlines()[-1]
    assert "Traceback" not in finished.stderr


def test_an_inactive_user_may_not_connect(served: Server) -> None:
    served.shell(CREATE.format("left", False))
    with pytest.raises(RuntimeError, match="left is not active"):
        served.manage("tail", "left")


async def test_it_ends_when_staff_closes_it(served: Server) -> None:
    await asyncio.to_thread(served.shell, CREATE.format("tailed", True))
    async with tailing(served, "tailed", "--url", served.ws_url) as command:
        await command.read("connection_established")
        await asyncio.to_thread(served.manage, "disconnect", "tailed")
        assert "4403" in await command.read("Ended", "stderr")
        await command.process.wait()
        assert command.process.returncode == 1
