"""The worker of push messages, as a browser gets it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.test import Client


def test_it_imports_the_file_of_this_version_and_may_do_no_more(settings):
    settings.VERSION = "7.8.9"
    answer = Client().get("/push-worker.js")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-store"  # an old one would keep old workers alive
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
    )
    text = answer.content.decode()
    assert text == 'importScripts("/static/realtime/pushworker.js?v=7.8.9");\n'
    path = urlsplit(text.split('"')[1]).path
    assert finders.find(path.removeprefix("/static/"))


def test_it_may_import_the_file_from_where_static_files_are(settings):
    settings.STATIC_URL = "https://files.example.com/static/"
    answer = Client().get("/push-worker.js")
    assert "https://files.example.com/static/realtime/pushworker.js" in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self' files.example.com;" in policy
    assert "'unsafe" not in policy


def test_only_reads_are_taken():
    assert Client(enforce_csrf_checks=True).post("/push-worker.js").status_code == 405
