"""Fault injection: real nodes, stores and clients, broken under load, and a checker of its own.

`python -m tests.faults --help` runs it. The checks are in `checker`, the faults in
`nemeses`, and in `bugs` the bugs that are put into the product to test the checker.
"""
