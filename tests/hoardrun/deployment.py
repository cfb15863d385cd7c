"""A deployment's environment, commands that run in it, and what the checks say of it."""

from __future__ import annotations

import os
import re
import secrets
import subprocess

import pytest
from django.core import checks

from hoardrun import env
from hoardrun.options import Deployment
from tests.services.environment import names_settings_read
from tests.services.process import run_python

OUR_ID = re.compile(r"hoardrun\.[EWI]\d{3}")


def shipped(**more: str) -> dict[str, str]:
    """Return the environment that `make lint` checks, and more."""
    return {
        "DATABASE_URL": "sqlite://:memory:",
        "ALLOWED_HOSTS": "example.com",
        "SECRET_KEY": secrets.token_urlsafe(50),
    } | more


def read(**values: str) -> Deployment:
    """Read the deployment's options where these variables are set, and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name in names_settings_read():
            patch.delenv(name, raising=False)
        for name, value in values.items():
            patch.setenv(name, value)
        return env.read(Deployment)


def python(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with this environment, in which nothing else is set that settings read."""
    kept = {name: value for name, value in os.environ.items() if name not in names_settings_read()}
    # As every server has it, so that `manage.py` may run in a fork.
    always = {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "hoardrun.settings"}
    return run_python(*words, env=kept | always | environment, may_fail=True)


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` so."""
    return python(environment, "manage.py", *words)


def raised(*, deploy: bool = True) -> dict[str, checks.CheckMessage]:
    """Run the checks on the settings in force; return those of ours that speak, by id."""
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=deploy)
    named = {str(message.id): message for message in found}
    ours = {name: message for name, message in named.items() if OUR_ID.fullmatch(name)}
    assert all(message.hint for message in ours.values())
    return ours


def fires(identifier: str, *, says: str = "", deploy: bool = True) -> None:
    """Check that a check speaks, that it alone does, and what it names."""
    found = raised(deploy=deploy)
    assert found.keys() - {"hoardrun.I011", "hoardrun.I033"} == {identifier}
    assert says in found[identifier].msg
