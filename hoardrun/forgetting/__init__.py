"""Export the data of a user, and delete the parts that may be deleted.

`tables` says of every table what becomes of its rows, `export` writes them to a file, `forget`
takes them away.
"""

from __future__ import annotations

from hoardrun.forgetting.export import write
from hoardrun.forgetting.forget import Outcome, forget, shut_out

__all__ = ["Outcome", "forget", "shut_out", "write"]
