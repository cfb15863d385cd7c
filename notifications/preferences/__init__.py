"""The choices of users about notifications: switches, quiet hours, language, and consent.

`services` makes every change, `selectors` reads, `values` says what may be chosen, `former` speaks
the shape of an older API.
"""
