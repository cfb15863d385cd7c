"""Mobile money: what providers say about a payment, and what follows from it.

What decides is pure: no Django, no I/O, no clock. `providers` reads and writes what a provider
speaks, as `Evidence`; `judge` alone decides what a piece of evidence changes, by the moves of
`states`; `polling` says when a provider is asked again. `creating` begins a payment, and `services`
alone changes one: it does what was decided, in one transaction.
"""
