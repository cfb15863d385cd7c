"""A real PostgreSQL for the tests: own data, own port, gone with the run."""

from __future__ import annotations

import functools
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services import reaper, templates
from tests.services.binaries import ServerMissing, postgres_programs
from tests.services.process import Process, as_user
from tests.services.store import Store

USER = "hoardrun"
TEMPLATE = "migrated"
# Real durability: commits are flushed, though the data may lie on a disk in memory.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "10min",
    "timezone": "UTC",
}


class Postgres(Store):
    """One PostgreSQL server; after stop() or kill() it starts on the same data."""

    name = "PostgreSQL"
    ends_by = signal.SIGINT  # ends the sessions of its clients too
    crashes_by = signal.SIGQUIT  # no checkpoint

    def __init__(self) -> None:
        self.password = secrets.token_hex(16)
        self._user = _unprivileged_user()
        self._programs = _runnable_programs(self._user)
        self._frozen: list[int] = []  # sessions, by process id
        self._making = threading.Lock()  # its template, which threads ask for
        super().__init__()

    def freeze(self) -> None:
        """Freeze it with all of its sessions."""
        super().freeze()  # from now on it begins no session
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        self._frozen = [int(each) for each in found]
        self._signal_frozen(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_frozen(signal.SIGCONT)
        self._frozen = []
        super().thaw()

    def _signal_frozen(self, number: signal.Signals) -> None:
        for each in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(each, number)

    @property
    def url(self) -> str:
        """The DATABASE_URL of the maintenance database."""
        return self.url_of("postgres")

    @property
    def runs_as(self) -> pwd.struct_passwd | None:
        """The user that its programs run as; None is the current user."""
        return self._user

    @property
    def programs(self) -> Path:
        """The folder of its programs, such as pg_dump."""
        return self._programs

    def database(self, name: str) -> str:
        """Create database `name` afresh and return its DATABASE_URL."""
        return self._create(name, "template1")

    def migrated(self, name: str) -> str:
        """Create database `name` afresh, with all tables, and return its DATABASE_URL."""
        return self._create(name, self.template)

    @property
    def template(self) -> str:
        """The name of a database with all tables and no rows, of which others are copies."""
        with self._making:
            return self._template

    @functools.cached_property
    def _template(self) -> str:
        with psycopg.connect(self.url) as connection:
            version = connection.info.server_version
        tables = templates.of_postgres(str(version), self._dump_tables)
        with psycopg.connect(self.database(TEMPLATE), autocommit=True) as connection:
            connection.execute(tables.encode())
        return TEMPLATE

    def _create(self, name: str, template: str) -> str:
        parts = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {name} WITH (FORCE)").format(**parts))
        self._execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**parts))
        return self.url_of(name)

    def _dump_tables(self, path: Path) -> None:
        """Write the SQL that makes all tables, as the migrations have made them."""
        url = self.database(TEMPLATE)
        templates.migrate(url)
        made = self.folder / "tables.sql"
        self.run_program("pg_dump", "--inserts", "--file", made, "--dbname", url)
        # Lines with a backslash are for psql.
        lines = made.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith("\\")))

    def launch(self) -> Process:
        data = self.folder / "data"
        if not data.exists():
            self._create_cluster(data)
        return self.launch_on(data, self.port, self.folder)

    def launch_on(self, data: Path, port: int, folder: Path) -> Process:
        """Start the program on any data, with its log and its socket in `folder`."""
        options = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
        return Process(
            [self._programs / "postgres", "-D", data, "-p", str(port), "-k", folder, *options],
            log=folder / "log",
            cwd=folder,
            user=self._user,
            farewell=signal.SIGQUIT,
        )

    def run_program(self, name: str, *arguments: str | Path) -> None:
        """Run a program of PostgreSQL to its end, such as pg_basebackup."""
        finished = _run_as(self._user, [self._programs / name, *arguments], cwd=self.folder)
        if finished.returncode:
            raise RuntimeError(f"{name} failed:\n{finished.stdout}")

    def url_of(self, name: str) -> str:
        """Return the DATABASE_URL of a database, which need not exist."""
        return f"postgres://{USER}:{self.password}@127.0.0.1:{self.port}/{name}"

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def _create_cluster(self, data: Path) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        for path in (self.folder, password_file):
            hand_over(path, self._user)
        command: list[str | Path] = [
            self._programs / "initdb", "-D", data, "--username", USER,
            "--pwfile", password_file, "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale=C", "--no-sync",
        ]  # fmt: skip
        finished = _run_as(self._user, command, cwd=self.folder)
        if finished.returncode:
            raise RuntimeError(f"initdb failed:\n{finished.stdout}")

    def answers(self) -> bool:
        return self.answers_at(self.url)

    @staticmethod
    def answers_at(url: str) -> bool:
        """Say whether a server lets clients in."""
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Return the user to run as: PostgreSQL refuses to run as root. None is the current user."""
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in accounts:
            return accounts[name]
    raise ServerMissing(
        "PostgreSQL refuses to run as root, and the machine has neither a user `postgres` nor "
        "`nobody`. Add one (`useradd --system postgres`) or run the tests as another user."
    )


def _runnable_programs(user: pwd.struct_passwd | None) -> Path:
    """Return the programs, copied where `user` may reach them if needed.

    A virtual environment in a home folder that is closed to others is the usual reason.
    """
    programs = postgres_programs()
    if user is None or _runs(programs, user):
        return programs
    package = programs.parents[1]
    copy = reaper.folder(executable=True)
    for name in (package.name, f"{package.name}.libs"):  # a wheel keeps its libraries beside it
        if (package.parent / name).is_dir():
            shutil.copytree(
                package.parent / name, copy / name, ignore=shutil.ignore_patterns("include")
            )
    for path in copy.rglob("*"):
        if not path.is_symlink():
            hand_over(path, user)
    return copy / programs.relative_to(package.parent)


def _runs(programs: Path, user: pwd.struct_passwd) -> bool:
    try:
        return _run_as(user, [programs / "initdb", "--version"], cwd=Path("/")).returncode == 0
    except PermissionError:
        return False


def hand_over(path: Path, user: pwd.struct_passwd | None) -> None:
    """Give a file or a folder to a user."""
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def _run_as(
    user: pwd.struct_passwd | None, command: Sequence[str | Path], *, cwd: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=cwd,
        **as_user(user),
    )
