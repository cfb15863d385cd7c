"""Back up, lose, restore: `deploy/drill`, and clients that had seen what is lost.

The upgrade is a backup of the release before, which a node of this one serves after its restore.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nodes import ALICE, USERS, connect, push_balance
from tests.services.environment import ROOT, of_a_server
from tests.services.postgres import Postgres, hand_over
from tests.services.redis import Redis
from tests.services.server import Server
from tests.upgrade import release

pytestmark = [pytest.mark.servers, pytest.mark.operation]
FOLDER = ROOT / "deploy/drill"
STREAM = f"user:{ALICE}"


def run(env: dict[str, str], *words: str | Path) -> str:
    """Run a script of the drill; return what it printed, also where it failed."""
    done = subprocess.run(
        [FOLDER / words[0], *words[1:]], env=env, capture_output=True, text=True, check=False
    )
    return f"{done.stdout}{done.stderr}\nended with {done.returncode}"


@pytest.mark.parametrize("how", ["dump", "base", "upgrade"])
async def test_after_a_restore_no_client_goes_on_as_if_it_had_what_is_lost(
    how: str, postgres: Postgres, redis: Redis, tmp_path: Path
) -> None:
    old = how == "upgrade"
    name = f"drill_{how}"
    url = postgres.database(name) if old else postgres.migrated(name)
    env = {"DEBUG": "1", "DATABASE_URL": url, "REDIS_URL": redis.url, "REDIS_PREFIX": name}
    programs = f"{postgres.programs}{os.pathsep}{os.environ['PATH']}"
    shell = of_a_server() | env | {"PATH": programs, "PYTHON": sys.executable}
    kind = "base" if how == "base" else "dump"
    backup = tmp_path / "backup"
    code = release.folder() if old else ROOT
    with Server(env=env, prepare=USERS, code=code) as before:
        phone = await connect(before, ALICE, device="phone")
        kept = [push_balance(before, ALICE, number)["offset"] for number in (1, 2, 3)][-1]
        assert run(shell, "backup", kind, backup).endswith("ended with 0")
        lost = [push_balance(before, ALICE, number)["offset"] for number in (4, 5)][-1]
        while (await phone.receive("balance_update", timeout=30))["offset"] != lost:
            pass
        await phone.close()
    if kind == "base":
        postgres.kill()
        data = postgres.folder / "data"
        shutil.rmtree(data)
        shutil.move(backup, data)
        for path in (data, *data.rglob("*")):
            hand_over(path, postgres.runs_as)
        postgres.start()
        restored = run(shell, "restore", "base")
    else:
        postgres.database(name)
        restored = run(shell, "restore", "dump", backup)
    assert restored.endswith("ended with 0"), restored
    with Server(env=env, migrate=False) as after:
        # Their numbers are given out again, to others, and more.
        last = [push_balance(after, ALICE, number)["offset"] for number in (102, 103, 104)][-1]
        assert (kept, lost, last) == (kept, kept + 2, kept + 3)
        since, epoch = f"{STREAM}:{lost},announcements:0", phone.greeting["epoch"]
        back = await connect(after, ALICE, device="phone", since=since, epoch=epoch)
        told = None
        while told != STREAM:
            data = (await back.receive("resync_required", timeout=30))["data"]
            assert data["reason"] == "epoch"
            told = data["stream"]
        following = push_balance(after, ALICE, 105)["offset"]
        arrived = await back.receive("balance_update", timeout=30)
        assert arrived["offset"] == following == last + 1
        await back.close()


async def test_a_restore_changes_nothing_where_tables_are_there(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.migrated("drill_refused")
    programs = f"{postgres.programs}{os.pathsep}{os.environ['PATH']}"
    env = of_a_server() | {"DATABASE_URL": url, "PATH": programs, "PYTHON": sys.executable}
    backup = tmp_path / "backup"
    assert (await asyncio.to_thread(run, env, "backup", "dump", backup)).endswith("with 0")
    refused = await asyncio.to_thread(run, env, "restore", "dump", backup)
    assert "already exists" in refused
    assert not refused.endswith("ended with 0")
    assert "== migrate" not in refused
