"""The product's settings, with passwords that are quick to check."""

from __future__ import annotations

from hoardrun.settings import *  # noqa: F403 everything, as it is

# Slow on purpose in production; here a login would cost a third of a second of the machine.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
