"""Why a device got an event, or did not: what happened to an event and to a user's sockets.

`evidence` says what is known, `verdict` judges it, `loading` reads it, `contributors` lets apps add
what they know. Nothing here writes.
"""
