"""What one may ask for is counted in the unit that it is told in."""

from __future__ import annotations

import pytest

from realtime.core.limits import utf8_size


@pytest.mark.parametrize("text", ["", "abc", "é", "€uro", "🙂" * 3, "a\ud800"])
def test_a_text_has_the_size_that_it_has_on_the_wire(text: str) -> None:
    assert utf8_size(text) == len(text.encode(errors="surrogatepass"))
