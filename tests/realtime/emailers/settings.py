"""The product's settings with users without a user name."""

from __future__ import annotations

from hoardrun.settings import *  # noqa: F403 everything, as it is
from hoardrun.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.realtime.emailers"]
AUTH_USER_MODEL = "emailers.EmailUser"
