"""The HTTP API against its own OpenAPI document, with inputs that are made from it.

As nobody, as a customer and as staff: no 5xx, no answer that the document does not describe,
no invalid input that is taken, no operation that forgets to ask who is calling. Run it as
`python -m tests.conformance.contract --examples 300`; the seed is printed, and `--seed`
repeats a run.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from pathlib import Path

from tests.services import environment, reaper
from tests.services.postgres import Postgres
from tests.services.server import Server

# Valid input may be refused for more reasons than a document can say: that a time lies
# ahead, that an account is one's own and of that currency, that an id was given once.
# And a deleted notification can still be read: to delete one is to archive it.
EXCLUDED = "positive_data_acceptance,use_after_free"
CONFIG = Path(__file__).with_name("schemathesis.toml")
ROLES = {
    "nobody": None,
    "customer": ("amina", "amina-demo-pass"),
    "staff": ("staff", "staff-demo-pass"),
}


def run(server: Server, role: str, *, examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """Test every operation as a user with this role."""
    headers: list[str] = []
    if (login := ROLES[role]) is not None:
        headers = ["--header", f"Authorization: Bearer {server.log_in(*login)['access']}"]
    program = Path(sys.executable).parent / "schemathesis"
    return subprocess.run(
        [
            program, "--config-file", CONFIG, "run", f"{server.url}/api/schema",
            "--url", server.url, *headers,
            "--exclude-checks", EXCLUDED, "--max-examples", str(examples), "--seed", str(seed),
            "--generation-database", "none", "--no-color",
        ],
        cwd=reaper.workspace(),
        env=environment.of_a_server(),
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="Of each operation and role.")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    arguments = parser.parse_args()
    environment.prepare()
    print(f"seed {arguments.seed}", flush=True)
    failed = 0
    env = environment.unlimited() | {"DEBUG": "1", "ACCESS_TOKEN_MINUTES": "600"}
    if arguments.database == "postgres":
        env["DATABASE_URL"] = Postgres().migrated("contract")
    with Server(env=env) as server:
        server.manage("seed_demo")
        for role in ROLES:
            ran = run(server, role, examples=arguments.examples, seed=arguments.seed)
            print(f"{role}: {ran.stdout.strip().splitlines()[-1].strip('= ')}", flush=True)
            if ran.returncode:
                failed += 1
                print(ran.stdout, ran.stderr)
        if "Traceback" in server.log():
            failed += 1
            print(server.log())
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        reaper.close()
