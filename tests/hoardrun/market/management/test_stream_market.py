from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from typing import Any

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.management import CommandError, call_command

from realtime.layer import groups
from tests.market.synthetic import RECORDINGS
from tests.services import templates
from tests.services.environment import ROOT, of_a_server
from tests.services.redis import Redis

pytestmark = pytest.mark.servers

PATIENCE_SECONDS = 90
CALM = RECORDINGS / "kraken-calm.jsonl"


def test_it_says_that_ticks_could_not_arrive_without_redis(settings: Any):
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="set REDIS_URL, or start .*--simulate-market"):
        call_command("stream_market")


def test_it_refuses_to_simulate_outside_debug(settings: Any):
    settings.REDIS_URL, settings.DEBUG = "redis://localhost", False
    with pytest.raises(CommandError, match="DEBUG=1 alone"):
        call_command("stream_market")


@pytest.fixture
def environment(redis: Redis, tmp_path: Path) -> dict[str, str]:
    """The environment of a process with a migrated database of its own and a real Redis."""
    return of_a_server() | {
        "DEBUG": "1",
        "DATABASE_URL": templates.copy_sqlite(templates.of_sqlite(), tmp_path / "market.sqlite3"),
        "REDIS_URL": redis.url,
        "REDIS_PREFIX": f"market{os.getpid()}",
    }


async def _stream(environment: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    command, pipe = (sys.executable, "manage.py", "stream_market"), asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *command, *arguments, env=environment, cwd=ROOT, stdout=pipe, stderr=pipe
    )


async def _end(process: asyncio.subprocess.Process) -> tuple[str, str]:
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    return out.decode(), err.decode()


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
async def test_it_sends_ticks_to_the_nodes_until_a_signal(
    environment: dict[str, str], number: Signals
):
    layer = RedisPubSubChannelLayer(
        hosts=[environment["REDIS_URL"]], prefix=environment["REDIS_PREFIX"]
    )
    channel = await layer.new_channel()
    await layer.group_add(groups.topic_group("market"), channel)
    process = await _stream(environment, "--json", "--interval", "0.1")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            batches = [await layer.receive(channel) for _ in range(3)]
    finally:
        process.send_signal(number)
        out, err = await _end(process)
        await layer.flush()
    # A process that falls behind sends two ticks at once: what counts is the symbols in it.
    assert len({symbol for _, symbol, *_ in batches[0]["messages"]}) == 20, err
    assert process.returncode == 0, err
    summary = json.loads(out.splitlines()[-1])
    assert summary["event"] == "summary"
    assert summary["symbols"] == 20
    assert summary["ticks"] >= sum(len(batch["messages"]) for batch in batches)
    assert "Traceback" not in err


async def test_it_ends_by_itself_after_the_time_given(environment: dict[str, str]):
    process = await _stream(environment, "--for", "5", "--symbols", "SCOM,BTC-USD")
    out, err = await _end(process)
    assert process.returncode == 0, err
    found = re.search(r"Ended after ([\d.]+) s", out)
    assert found and float(found[1]) >= 5
    assert " of 2 symbols " in out


async def test_it_refuses_unknown_symbols(environment: dict[str, str]):
    process = await _stream(environment, "--symbols", "NOPE")
    _, err = await _end(process)
    assert process.returncode == 1
    assert err.startswith("CommandError: There is no instrument NOPE.")


async def test_it_waits_and_says_so_while_another_process_leads(environment: dict[str, str]):
    first = await _stream(environment, "--symbols", "SCOM", "--interval", "0.1")
    second = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert first.stderr is not None
            while b"leads source:simulator" not in await first.stderr.readline():
                pass
        second = await _stream(environment, "--for", "2")
        out, err = await _end(second)
    finally:
        first.send_signal(SIGTERM)
        await _end(first)
    assert second.returncode == 0, err
    assert ": 0 ticks of 0 symbols" in out
    assert out.endswith("Another process leads it.\n")


async def test_a_venue_that_is_away_is_not_taken_for_another_leader(environment: dict[str, str]):
    environment |= {
        "MARKET_KRAKEN_URL": "ws://127.0.0.1:1",
        "MARKET_KRAKEN_API_URL": "http://[::1]:1",
    }
    process = await _stream(environment, "--source", "kraken", "--for", "8")
    out, err = await _end(process)
    assert process.returncode == 0, err
    assert "leads source:kraken" in err
    assert ": 0 ticks of 0 symbols" in out
    assert "Another process" not in out


@pytest.mark.parametrize("how", [("--fast",), ("--rebase", "now", "--for", "8")])
async def test_it_streams_a_recording_through_the_venues_own_session(
    environment: dict[str, str], how: tuple[str, ...]
):
    process = await _stream(environment, "--source", "replay", "--file", str(CALM), *how)
    out, err = await _end(process)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "leads source:kraken" in err
    summary = out.splitlines()[-1]
    assert summary.startswith("Ended after"), err
    assert " of 0 symbols" not in summary, err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--source", "replay"), "--source replay takes a --file"),
        (("--source", "simulator", "--file", "f"), "and no other source does"),
        (("--source", "replay", "--file", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
        (
            ("--source", "replay", "--file", str(CALM), "--speed", "10", "--rebase", "now"),
            "would soon be in the future",
        ),
    ],
)
def test_a_recording_needs_its_file_and_a_time_that_is_believed(
    settings: Any, arguments: tuple[str, ...], why: str
):
    settings.REDIS_URL, settings.DEBUG = "redis://localhost", True
    with pytest.raises(CommandError, match=why):
        call_command("stream_market", *arguments)


def test_no_recording_is_taken_for_live_prices_in_production(settings: Any):
    settings.REDIS_URL, settings.DEBUG = "redis://localhost", False
    with pytest.raises(CommandError, match="look as live ones do: they are for DEBUG=1 alone"):
        call_command("stream_market", "--source", "replay", "--file", str(CALM))
