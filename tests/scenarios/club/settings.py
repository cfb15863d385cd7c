"""The product's settings, and an application of its own: the example of docs/extending.md."""

from __future__ import annotations

from hoardrun.settings import *  # noqa: F403 everything, as it is
from hoardrun.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.scenarios.club.app.Club"]
ROOT_URLCONF = "tests.scenarios.club.urls"
