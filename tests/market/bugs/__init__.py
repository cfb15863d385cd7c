"""Bugs that are put into the product, to see whether the checker finds them.

As in `tests.faults.bugs`, whose patching they use: the product knows nothing of them, and a patch
whose target is gone fails loudly.
"""

from __future__ import annotations

from tests.market.plan import Plan
from tests.services.proof.plan import Bug

BUGS: dict[str, Bug[Plan]] = {}
