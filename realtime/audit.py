"""The request in the records of acts: in a column of our tables, and in the log of the admin.

Services of all apps use it. What is at work, a request over HTTP or a run of a command, is known
from `realtime.log_context`; nobody hands it on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import LogEntry
from django.db import models

from realtime.log_context import request_id

if TYPE_CHECKING:
    Text = models.CharField[str, str]
else:
    Text = models.CharField


class RequestId(Text):
    """A column with the id of the request, or of the run of a command, that inserted the row.

    Empty where neither was at work, as in a periodic job. Of what is done to the row later, give
    the column `default=""` and set it to `request_id()` with the act.
    """

    def __init__(self, **options: Any) -> None:
        defaults: dict[str, Any] = {"max_length": 64, "blank": True, "default": request_id}
        super().__init__(**(defaults | options))

    def deconstruct(self) -> Any:
        """Return a column of text: migrations need not know where its values are from."""
        name, _, arguments, options = super().deconstruct()
        del options["default"]
        return name, "django.db.models.CharField", arguments, options


def log(by: int, rows: Iterable[Any], flag: int, message: Any, **options: Any) -> Any:
    """Write into the admin's log what a user did to these rows, with the request that did it.

    A message of Django's own pages is a list, which has the request as its last element.
    """
    return LogEntry.objects.log_actions(by, rows, flag, with_request(message), **options)


def with_request(message: Any) -> Any:
    """Add the request to a message of the admin's log; outside of any, return it as it is."""
    found = request_id()
    if not found:
        return message
    return [*message, {"request": found}] if isinstance(message, list) else f"{message} ({found})"
