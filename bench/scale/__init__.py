"""Calculate the machines that a number of users needs, from measured unit costs.

`python -m bench scale` prints it and writes the tables of `docs/scale.md`. `units` has the measured
costs, `deployment` the assumptions, `day` plays a day minute by minute, `needs` makes nodes, cores
and rows of it, `limits` asks how many users one of each carries, and `incidents` plays second by
second how clients come back. All of these are pure; `measuring` and `command` do the I/O.
"""
