"""Upgrade from the release before: its code on this schema, and the policy of migrations.

- `hoardrun-*.whl`  the release before, as its users install it
- `release`         unpack it, and run its commands and its server
- `policy`          whether a migration leaves older code working
"""
