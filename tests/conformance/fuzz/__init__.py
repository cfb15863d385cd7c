"""What no client should send, by the hundred thousand: `python -m tests.conformance.fuzz`."""
