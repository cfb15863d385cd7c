"""Why somebody got a notification, or did not: one answer made of what is stored.

`loading` reads the rows in a few queries, `timeline` makes the answer of them without I/O, in the
sentences of `words` and `causes`. `report` is its shape, for the API, the command and the admin.
"""
