from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import httpx
import pytest
from django.core.management import CommandError, call_command
from websockets.asyncio.client import connect

from tests.market.synthetic import RECORDINGS
from tests.services.environment import ROOT, of_a_server

CALM = RECORDINGS / "kraken-calm.jsonl"
PATIENCE_SECONDS = 90


@pytest.mark.servers
@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
async def test_it_plays_until_a_signal_and_says_which_variables_lead_to_it(number: Signals):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "replay_market", str(CALM), "--port", "0"),
        *("--rebase", "now", "--begin", "600", "--fault", "silence,symbol=BTC/USD"),
        env=of_a_server(),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            lines = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
            variables = dict(line.split("=", 1) for line in lines)
            assert list(variables) == ["MARKET_KRAKEN_URL", "MARKET_KRAKEN_API_URL"]
            async with connect(variables["MARKET_KRAKEN_URL"]) as socket:
                assert '"status"' in str(await socket.recv())
            async with httpx.AsyncClient(base_url=variables["MARKET_KRAKEN_API_URL"]) as client:
                state = (await client.get("/replay/state")).json()
        assert state["position"] >= 600_000_000
        assert state["shift"] != 0
        assert state["faults"] == ["silence"]
    finally:
        process.send_signal(number)
        _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert b"Traceback" not in err


def test_a_file_that_is_cut_or_missing_or_of_an_unknown_venue_is_refused(tmp_path: Path):
    cut = tmp_path / "cut.jsonl"
    with pytest.raises(CommandError, match=r"cut\.jsonl cannot be read: No such file"):
        call_command("replay_market", str(cut))
    rows = CALM.read_bytes().splitlines(keepends=True)
    cut.write_bytes(b"".join(rows[:9]))
    with pytest.raises(CommandError, match=r"cut\.jsonl, line 9: .*the file is cut"):
        call_command("replay_market", str(cut))
    cut.write_bytes(b"".join((rows[0].replace(b"kraken", b"nasdaq"), *rows[1:])))
    with pytest.raises(CommandError, match="Recordings of 'nasdaq' cannot be played"):
        call_command("replay_market", str(cut))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--speed", "0"), "is no number from 0.01"),
        (("--begin", "-1"), "is no number from 0"),
        (("--fault", "storm"), "There is no fault 'storm'"),
        (("--rebase", "yesterday"), "invalid choice"),
    ],
)
def test_a_wrong_argument_is_refused(arguments: tuple[str, ...], why: str):
    with pytest.raises(CommandError, match=why):
        call_command("replay_market", str(CALM), *arguments)
