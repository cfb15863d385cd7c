"""Addresses of users: e-mail addresses and phone numbers, proven by a code, and push.

`services` makes every change, `values` says what an address may be, `codes` sends codes by a path
of their own: a code is no notification.
"""
