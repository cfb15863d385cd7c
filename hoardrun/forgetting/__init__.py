"""What is kept about a user: hand it out, and forget what may go.

`tables` says of every table what becomes of its rows, `export` writes them to a file, `forget`
takes them away.
"""

from __future__ import annotations

from hoardrun.forgetting.export import write
from hoardrun.forgetting.forget import Outcome, forget, shut_out

__all__ = ["Outcome", "forget", "shut_out", "write"]
