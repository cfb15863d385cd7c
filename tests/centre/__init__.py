"""The proof of the notification centre: providers with ledgers of their own, devices that hide,
workers that are killed, and a checker that shares no code with the product.

See docs/guarantees.md for what it proves, and `python -m tests.centre --help` for how to run it.
"""
