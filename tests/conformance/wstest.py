"""The Autobahn|Testsuite as a child process: its Python, its environment, its results.

It runs under Python 2.7 only. Its environment is made once and kept.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SUITE = "autobahntestsuite==25.10.1"
AGENT = "hoardrun"
# The last virtualenv that knows Python 2.7.
_VIRTUALENV = "virtualenv<20.22"
_RUNNING = "Running test case ID "


class SuiteMissing(Exception):
    """The suite cannot run here; the text says what to install."""


def environment(folder: Path) -> Path:
    """Return the path of `wstest`, after making its environment in `folder` where needed."""
    made = folder / SUITE.replace("==", "-")
    if not (made / "complete").is_file():
        python = _python27()
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        print(f"Installing {SUITE} into {made}; this happens once.", flush=True)
        boot, env = made / "virtualenv", made / "python"
        _run(python, "-m", "pip", "install", "--target", boot, _VIRTUALENV)
        _run(python, "-m", "virtualenv", "--no-download", env, PYTHONPATH=str(boot))
        _run(env / "bin" / "pip", "install", SUITE)
        (made / "complete").touch()
    return made / "python" / "bin" / "wstest"


def run(
    wstest: Path, url: str, cases: list[str], folder: Path, began: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Run `cases` against `url`; return what `index.json` says of each, by its id.

    The pages of the suite, one for each case, are left in `folder`. Calls `began` with
    the id of each case. Raises RuntimeError, with the end of its log, when it fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    plan = {
        "outdir": str(folder / "pages"),
        "servers": [{"agent": AGENT, "url": url}],
        "cases": cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    command = [str(wstest), "-m", "fuzzingclient", "-s", str(folder / "plan.json")]
    log = folder / "log"
    with (
        log.open("w") as kept,
        subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            for line in process.stdout:
                kept.write(line)
                if line.startswith(_RUNNING):
                    began(line.removeprefix(_RUNNING).split()[0])
        except BaseException:
            process.kill()
            raise
    index = folder / "pages" / "index.json"
    if process.returncode or not index.is_file():
        raise RuntimeError(f"wstest ended with {process.returncode}:\n{log.read_text()[-4000:]}")
    found: dict[str, dict[str, Any]] = json.loads(index.read_text())[AGENT]
    return found


def _python27() -> Path:
    for path in _candidates():
        says = subprocess.run(
            [path, "-c", "import sys; print(sys.version_info[:2] == (2, 7))"],
            capture_output=True,
            text=True,
            check=False,
        )
        if says.stdout.strip() == "True":
            return path
    raise SuiteMissing(
        "The Autobahn|Testsuite needs Python 2.7 and there is none: install it, for example "
        "with `pyenv install 2.7.18`."
    )


def _candidates() -> Iterator[Path]:
    if found := shutil.which("python2.7"):
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/2.7.*/bin/python2.7"), reverse=True)


def _run(*command: Path | str, **env: str) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SuiteMissing(f"{SUITE} could not be installed:\n{done.stdout[-4000:]}")
