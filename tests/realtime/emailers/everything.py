"""Run every command and open every admin page that meets a user, and say what failed.

A program of its own: the user model of a process is chosen once.
"""

from __future__ import annotations

import io
import sys
import traceback
from typing import Any

import django


def main() -> None:
    django.setup()
    from django.contrib import admin
    from django.contrib.auth import get_user_model
    from django.core.management import CommandError, call_command
    from django.test import Client
    from django.urls import reverse

    call_command("migrate", verbosity=0)
    users = get_user_model()._default_manager
    name = "ann@example.com"
    ann = users.create_user(name, "of her own", is_staff=True, is_superuser=True)

    def run(*words: str, fails: str = "") -> None:
        try:
            call_command(*words, stdout=io.StringIO(), stderr=io.StringIO())
            said = ""
        except CommandError as error:
            said = str(error)
        assert said.startswith(fails) if fails else not said, (words, said)

    def look(url: str) -> None:
        answer = browser.get(url)
        assert answer.status_code == 200, (url, answer.status_code)

    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(ann)
    run("notify", "--user", name, "--title=T", "--message=M", "--key=k")
    run("announce", "Title", "Message", f"--author={name}")
    run("announce", "Title", "Message")
    run("disconnect", name, "--list")
    run("disconnect", "nobody", fails="There is no user")
    run("tail", "nobody", fails="There is no user")
    run("tail", name, "--url=http://x", fails="--url")
    run("seed_demo", fails="seed_demo makes users of Django's own model")
    for model, page in sorted(admin.site._registry.items(), key=lambda item: str(item[0])):
        if not page.has_view_permission(_request(ann)):
            continue
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        look(url)
        if page.search_fields:
            look(f"{url}?q={name}")
        row = model._default_manager.first()
        if row is not None:
            look(f"{url}{row.pk}/change/")
    answer = browser.post(
        "/api/v1/auth/token",
        {"username": name, "password": "of her own"},
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    run("forget_user", name, "--dry-run")
    run("forget_user", name)
    run("forget_user", "nobody", fails="There is no user")


def _request(user: Any) -> Any:
    from django.test import RequestFactory

    request: Any = RequestFactory().get("/")
    request.user = user
    return request


if __name__ == "__main__":
    try:
        main()
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    print("everything works")
