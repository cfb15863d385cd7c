from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notifications.channels.support import close_clients


@pytest.fixture(autouse=True)
def _clients_are_closed() -> Iterator[None]:
    yield
    close_clients()
