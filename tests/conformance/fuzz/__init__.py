"""Broken input, by the hundred thousand: `python -m tests.conformance.fuzz`."""
