"""Commands accept their arguments or end with one line that says what to give."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.base import ALL_CHECKS

from realtime.management import base
from realtime.management.commands import serve

OURS = ("realtime", "notifications", "hoardrun", "hoardrun.ledger", "hoardrun.market")
# Arguments with which each does something and ends.
WORKS: dict[str, list[str]] = {
    "announce": ["Title", "Message", "--author=alice"],
    "bump_epoch": ["--stream", "user:1"],
    "disconnect": ["alice", "--list"],
    "forget_user": ["alice", "--dry-run"],
    "notify": ["--user", "alice", "--title=T", "--message=M", "--key=k"],
    "trim_events": ["--dry-run"],
}
# They serve or follow until they are ended: of these, arguments are read only.
ENDLESS = {"serve", "stats", "stream_market", "tail"}
ODD = [
    "",
    " ",
    "\x00",
    "\udcff",
    "\ufeff1",
    "-1",
    "0",
    "9" * 20,
    "9" * 5000,
    "1e308",
    "1e999",
    "nan",
    "-inf",
    "\u0661",
    "x" * 100_000,
    "\U0001f600" * 6000,
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "2026-02-30",
    "/nonexistent/file",
    "/",
    "user:" + "9" * 40,
]


def ours() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in OURS)


def options_of(name: str) -> Iterator[Any]:
    """Yield the command's own options and arguments that take a value."""
    command = load_command_class(get_commands()[name], name)
    own = {action.dest for action in command.create_parser("manage.py", name)._actions}
    common = {action.dest for action in base.Command().create_parser("m", "c")._actions}
    for action in command.create_parser("manage.py", name)._actions:
        if action.dest in own - common and action.nargs != 0:
            yield action


def test_every_command_has_the_class_that_ends_in_one_line() -> None:
    for name in ours():
        command = load_command_class(get_commands()[name], name)
        assert isinstance(command, base.Command), name


def test_those_that_serve_run_all_checks_and_the_others_load_no_view_for_them() -> None:
    asked = {
        name: load_command_class(app, name).requires_system_checks
        for name, app in get_commands().items()
        if app in OURS
    }
    assert {name for name, checks in asked.items() if checks == ALL_CHECKS} == {"serve", "demo"}
    assert {checks for checks in asked.values() if checks != ALL_CHECKS} == {("security",)}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(WORKS))
def test_odd_arguments_end_with_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some are names of files to write
    User.objects.create_user("alice")
    for action in options_of(name):
        for odd in ODD:
            words = [*WORKS[name]]
            if action.option_strings:
                words += [f"{action.option_strings[0]}={odd}"]
            else:
                words = [odd if word == words[0] else word for word in words]
                words = ["--", *words] if odd.startswith("-") else words
            try:
                call_command(name, *words, stdout=io.StringIO(), stderr=io.StringIO())
            except CommandError as error:
                text = str(error)
                assert text and "\n" not in text and len(text) < 500, (action.dest, text[:200])
                text.encode()


@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_odd_numbers_are_refused_before_work_begins(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    for action in options_of(name):
        if not action.option_strings or action.type is None:
            continue
        for odd in ("nan", "1e308", "-1", "9" * 5000, "", "\ufeff1", "\u0661"):
            with pytest.raises(CommandError):
                parser.parse_args(["x", f"{action.option_strings[0]}={odd}"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "names no user"),
        (b"\xff\xfe1\x00", "is not a text file"),
        (b"1\n\xef\xbb\xbf2\n", r"Line 2 is '\\ufeff2'"),
        (b"9" * 5000, "Line 1 is '9999"),
        (b"9" * 15, "is no user's id|do not exist"),
        (b"999999", "do not exist"),
        (b"1\n\x00\n", "Line 2 is"),
    ],
)
def test_an_invalid_file_of_users_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    User.objects.create_user("alice", id=1)
    file = tmp_path / "users"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=says):
        call_command("notify", users=str(file), title="T", message="M", key="k")


@pytest.mark.django_db
def test_a_file_of_users_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    user = User.objects.create_user("alice")
    file = tmp_path / "users"
    file.write_bytes(b"\xef\xbb\xbf" + f"{user.pk}\r\n".encode())
    out = io.StringIO()
    call_command("notify", users=str(file), title="T", message="M", key="k", stdout=out)
    assert "1 users notified" in out.getvalue()


@pytest.mark.parametrize(
    ("host", "allowed", "says"),
    [
        ("0.0.0.0", ["localhost", "127.0.0.1", "[::1]"], ",localhost."),
        ("::", ["localhost"], ",localhost."),
        ("192.168.1.20", ["localhost"], "ALLOWED_HOSTS=192.168.1.20,localhost."),
        ("0.0.0.0", ["localhost", "192.168.1.20"], None),
        ("0.0.0.0", ["*"], None),
        ("127.0.0.1", ["localhost"], None),
        ("localhost", ["localhost"], None),
        ("::1", ["localhost"], None),
    ],
)
def test_serve_says_which_hosts_to_allow_for_other_machines(
    host: str, allowed: list[str], says: str | None
) -> None:
    hint = serve.unreachable(host, allowed)
    assert hint is None if says is None else hint is not None and hint.endswith(says)
