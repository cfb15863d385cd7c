"""Fault injection: real nodes, stores and clients, broken under load, and a checker of its own.

`python -m tests.faults --help` runs it. What it looks for is in `checker`, what it breaks in
`nemeses`, and in `bugs` what is put into the product to see whether the checker finds it.
"""
