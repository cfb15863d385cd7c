"""`manage.py push_keys` makes keys that work."""

from __future__ import annotations

import json
from io import StringIO

from django.core.management import call_command

from notifications.channels.push.vapid import Key


def run(*words: str) -> str:
    out = StringIO()
    call_command("push_keys", *words, stdout=out)
    return out.getvalue()


def test_it_makes_a_pair_that_belongs_together(settings):
    settings.CHANNELS = {}
    found = json.loads(run("--json"))
    key = Key(found["private_key"])
    assert (key.public, key.id) == (found["public_key"], found["id"])
    assert json.loads(run("--json"))["private_key"] != found["private_key"]


def test_it_writes_lines_for_a_file_of_variables(settings):
    settings.CHANNELS = {}
    variable, *comments = run().splitlines()
    name, _, value = variable.partition("=")
    assert name == "VAPID_PRIVATE_KEY"
    assert Key(value).public in comments[0]
    assert all(line.startswith("# ") for line in comments)
    assert "VAPID_PREVIOUS_KEYS" not in run()


def test_it_says_what_becomes_of_the_key_of_before(settings):
    settings.CHANNELS = {"VAPID_PRIVATE_KEY": "x"}
    assert "VAPID_PREVIOUS_KEYS" in run()
