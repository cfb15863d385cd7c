"""The SMS after an emergency announcement: who asks for them, who approves, how far they are.

`services` makes every change, `selectors` says what it will cost and how it goes. The users
themselves are gone through by `notifications.delivery.fallback`.
"""
