from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from signal import SIGTERM

import pytest
from django.core.management import CommandError, call_command

from hoardrun.market.models import SourceSymbol
from hoardrun.market.recording.format import load
from hoardrun.market.recording.server import ReplayServer
from tests.market.synthetic import RECORDINGS
from tests.services.environment import ROOT, of_a_server

CALM = RECORDINGS / "kraken-calm.jsonl"
PATIENCE_SECONDS = 90


async def _record(url: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "record_market", *arguments),
        env=of_a_server() | {"MARKET_KRAKEN_URL": url},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def _pings(server: ReplayServer) -> int:
    return sum('"ping"' in text for _, text in server.received)


@pytest.mark.servers
async def test_it_records_until_a_signal_and_the_file_is_whole(tmp_path: Path):
    file = tmp_path / "session.jsonl"
    words = ("--source", "kraken", "--symbols", "BTC/USD,NOPE/USD", "--note", "a test", "--json")
    async with ReplayServer(load(CALM), speed=60, begin=60, waits=True) as server:
        process = await _record(server.url, str(file), *words)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                # Pings come two seconds apart: it has read the answers from before the first.
                while server.counts["frames"] < 5 or _pings(server) < 2:
                    await asyncio.sleep(0.02)
        finally:
            process.send_signal(SIGTERM)
            out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 0, err
    recording = load(file)
    summary = json.loads(out)
    assert summary == {
        "file": str(file),
        "frames": sum(line.direction == "in" for line in recording.lines),
        "refused": ["NOPE/USD"],
    }
    header = recording.header
    assert (header.source, header.note, header.synthetic) == ("kraken", "a test", False)
    assert header.licence.startswith("unknown")
    assert header.symbols == ("BTC/USD", "NOPE/USD")


@pytest.mark.servers
async def test_it_ends_after_its_time_and_leaves_no_empty_file(tmp_path: Path):
    file = tmp_path / "session.jsonl"
    words = ("--source", "kraken", "--symbols", "BTC/USD", "--for", "4s")
    async with ReplayServer(load(CALM)) as server:
        url = server.url
    process = await _record(url, str(file), *words)  # nobody listens there any more
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 1
    assert err.decode().startswith("CommandError: Nothing came. kraken cannot be reached")
    assert not file.exists()


@pytest.mark.parametrize("time", ["0", "10d", "-1m", "8000h", "soon", ""])
def test_a_time_that_is_none_is_refused(tmp_path: Path, time: str):
    words = (str(tmp_path / "r"), "--source", "kraken", "--symbols", "A", f"--for={time}")
    with pytest.raises(CommandError, match="is no time up to seven days, such as 10m"):
        call_command("record_market", *words)


@pytest.mark.django_db
def test_without_symbols_there_must_be_enabled_ones(tmp_path: Path):
    SourceSymbol.objects.filter(source="kraken").update(is_enabled=False)
    with pytest.raises(CommandError, match="No symbol of kraken is enabled: name some"):
        call_command("record_market", str(tmp_path / "r"), "--source", "kraken")


def test_no_file_is_written_over(tmp_path: Path):
    file = tmp_path / "there"
    file.write_text("mine")
    with pytest.raises(CommandError, match="there cannot be written: File exists"):
        call_command("record_market", str(file), "--source", "kraken", "--symbols", "A")
    assert file.read_text() == "mine"
