"""Sessions of venues as files: record them, read them, play them to the real adapter.

`format.py` says what a file is; `server.py` is a venue that speaks one, with faults laid over it.
What plays a recording shares no code with what reads venues (`feeds/`), so that a mistake in one
shows in the other.
"""
