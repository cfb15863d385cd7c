"""The engine's options as settings.REALTIME sets them."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.options import Options, options


def test_an_option_that_is_not_set_has_its_default(settings: Any) -> None:
    settings.REALTIME = {"TICKET_SECONDS": 7.0}
    assert options() == Options(ticket_seconds=7.0)


def test_an_unknown_name_is_refused(settings: Any) -> None:
    settings.REALTIME = {"TICKET_SECOND": 7.0}
    with pytest.raises(ValueError, match=r"settings.REALTIME has unknown names: ticket_second"):
        options()
