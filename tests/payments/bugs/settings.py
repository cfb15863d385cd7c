"""The product's settings, and the application that breaks it."""

from __future__ import annotations

from hoardrun.settings import *  # noqa: F403 everything, as it is
from hoardrun.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.payments.bugs.app.Bugs"]
