"""Deliver notifications: ladders are judged, deliveries are claimed, sent and settled.

`judge` decides which rungs are due and writes deliveries; `claim` takes some of them with a lease
and looks once more; `send` makes the calls, outside any transaction; `outcomes` writes how they
ended; `receipts` takes what providers and devices say later; `settle` and `reap` end what is not
known. `worker` runs all of them, and any number of workers may run at once.
"""
