"""The providers: a folder each, what it speaks in `protocol.py` there, a line in `registry`."""
