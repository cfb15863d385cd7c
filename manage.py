#!/usr/bin/env python
"""Run hoardrun's administrative commands."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hoardrun.settings")
    try:
        from realtime.garbage import collect_seldom

        # Importing makes a hundred thousand objects that stay: to look for garbage among them
        # again and again takes a tenth of every command's start.
        collect_seldom()
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import InternalError, OperationalError, ProgrammingError
    except ModuleNotFoundError:
        sys.exit(
            "This Python has no Django: run `make run` once, which installs it, then "
            "`.venv/bin/python manage.py ...`."
        )

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"hoardrun is not configured: {error}")
    except (InternalError, OperationalError, ProgrammingError) as error:
        from hoardrun.outage import told

        sys.exit(told(error, sys.argv))


if __name__ == "__main__":
    main()
