"""A real hoardrun server process for the tests."""

from __future__ import annotations

import functools
import itertools
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from tests.services import environment, reaper, templates, web
from tests.services.ports import free_port
from tests.services.process import Process, run_python

Kind = Literal["serve", "demo", "runserver", "daphne", "uvicorn"]
APPLICATION = "hoardrun.asgi:application"
_numbers = itertools.count(1)


class Server:
    """Start a server and wait until it answers.

    Without a DATABASE_URL in `env` it gets a migrated SQLite database of its own;
    with one, that database is migrated first unless `migrate` is false. The script
    `prepare` then runs on it; a SQLite database has gone through it under DEBUG=1.

    `arguments` are further ones of `serve`, or of `demo`, whose prices stand still without any.

    `code` is the folder of manage.py, ours or that of another release.
    The test run's SECRET_KEY is the server's too: tokens made here are valid there.

    In an asynchronous test, stop it with `await asyncio.to_thread(server.stop)`
    while its clients live on the same event loop: they must answer its goodbye.

    Raises RuntimeError, with its log, when it ends instead of answering.
    """

    def __init__(
        self,
        kind: Kind = "serve",
        *,
        env: Mapping[str, str] | None = None,
        workers: int = 1,
        migrate: bool = True,
        prepare: str = "",
        arguments: Sequence[str] | None = None,
        code: Path = environment.ROOT,
    ) -> None:
        self.kind = kind
        self.arguments = arguments
        self.code = code
        self.port = free_port()
        self.folder = reaper.workspace() / f"server-{next(_numbers)}"
        self.folder.mkdir()
        self.env = environment.of_a_server() | dict(env or {})
        if "DATABASE_URL" not in self.env:
            self.env["DATABASE_URL"] = _sqlite_copy(
                self.folder / "db.sqlite3", prepare, self.env["DJANGO_SETTINGS_MODULE"]
            )
        elif migrate:
            if code != environment.ROOT or not templates.is_migrated(self.env["DATABASE_URL"]):
                self.manage("migrate", "--verbosity=0")
            if prepare:
                self.shell(prepare)
        self.workers = workers
        self.start()

    def start(self) -> None:
        """Start it, again after kill() or stop(): on the same port, with the same data."""
        self._process = Process(
            [sys.executable, *_arguments(self.kind, self.port, self.workers, self.arguments)],
            log=self.folder / "log",
            env=self.env,
            cwd=self.code,
            may_fork=True,
        )
        self._process.until(self._healthy, seconds=30, what=f"{self.kind} answers on /healthz")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/notifications"

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        """Return everything it has printed so far."""
        return self._process.log()

    def request(
        self, method: str, path: str, *, json: object = None, token: str | None = None
    ) -> web.Answer:
        """Send it one HTTP request."""
        return web.request(method, self.url + path, json=json, token=token)

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command in the server's environment and return its output."""
        return run_python("manage.py", *arguments, env=self.env, cwd=self.code).stdout

    def shell(self, script: str) -> str:
        """Run a script in the server's environment and return what it prints."""
        return self.manage("shell", "-v0", "-c", script)

    @contextmanager
    def running_script(self, script: str) -> Iterator[subprocess.Popen[str]]:
        """Run a script beside the server; it has begun when it has printed `ready`."""
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", script]
        process = subprocess.Popen(
            command,
            env=self.env,
            cwd=self.code,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()
            process.wait()

    def log_in(self, username: str, password: str) -> dict[str, str]:
        """Log in over HTTP; return the tokens `access` and `refresh`."""
        body = {"username": username, "password": password}
        answer = self.request("POST", "/api/v1/auth/token", json=body)
        assert answer.status == 200, answer
        return dict(answer.json())

    def stop(self, *, seconds: float = 10) -> str:
        """Stop it with SIGTERM and return its log.

        Raises AssertionError when it had ended before or exits with an error,
        TimeoutError when it takes more than `seconds`.
        """
        early = self._process.exit_code
        assert early is None, f"{self.kind} had ended with {early}:\n{self._process.tail()}"
        code = self._process.stop(seconds=seconds)
        # uvicorn's own command ends by the signal that stopped it.
        clean = {0, -signal.SIGTERM} if self.kind == "uvicorn" else {0}
        assert code in clean, f"{self.kind} ended with {code}:\n{self._process.tail()}"
        return self.log()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; SIGSTOP and SIGCONT freeze and thaw it."""
        self._process.signal(number)

    def kill(self) -> None:
        """Kill it and its workers, as a crash would. Does nothing the second time."""
        self._process.kill()

    @property
    def running(self) -> bool:
        return self._process.exit_code is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None:
            error.add_note(f"log of {self.kind}:\n{self._process.tail()}")
            self.kill()
        elif self.running:
            self.stop()

    def _healthy(self) -> bool:
        try:
            return self.request("GET", "/healthz").status == 200
        except OSError:
            return False


def _arguments(kind: Kind, port: int, workers: int, more: Sequence[str] | None = None) -> list[str]:
    address = ["--host", "127.0.0.1", "--port", str(port)]
    many = ["--workers", str(workers)] if workers > 1 else []
    match kind:
        case "serve":
            return ["manage.py", "serve", *address, *many, *(more or ())]
        case "demo":
            more = ["--still-market"] if more is None else more
            return ["manage.py", "demo", *more, *address]
        case "runserver":
            return ["manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
        case "daphne":
            return ["-m", "daphne", "-b", "127.0.0.1", "-p", str(port), APPLICATION]
        case "uvicorn":
            return ["-m", "uvicorn", APPLICATION, *address, *many]


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a manage.py command that may fail, with variables over those of every server."""
    env = environment.of_a_server() | env
    return run_python("manage.py", *arguments, env=env, may_fail=True)


def _sqlite_copy(path: Path, prepare: str, settings: str) -> str:
    """Copy a database that is ready, which costs milliseconds and not the migrations."""
    return templates.copy_sqlite(_template(prepare, settings), path)


@functools.cache
def _template(prepare: str, settings: str) -> Path:
    if not prepare and settings == environment.SETTINGS:
        return templates.of_sqlite()
    path = reaper.workspace() / f"template-{next(_numbers)}.sqlite3"
    if prepare:
        url = _sqlite_copy(path, "", environment.SETTINGS)
        env = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": settings, "DEBUG": "1"}
        run_python("manage.py", "shell", "-v0", "-c", prepare, env=environment.of_a_server() | env)
    else:
        templates.migrate_sqlite(path, settings)
    return path
