"""The SMS after an emergency announcement: request, approval and progress.

`services` makes every change, `selectors` says what it will cost and how it goes. The users
themselves are gone through by `notifications.delivery.fallback`.
"""
