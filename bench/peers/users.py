"""Make users in bulk and print an access token for each, one a line.

Run as `python -m bench.peers.users <count>` in the server's environment.
"""

from __future__ import annotations

import sys

import django


def main(count: int) -> None:
    """Make users 1 to `count`, those that are not there yet."""
    django.setup()
    from django.contrib.auth import get_user_model
    from rest_framework_simplejwt.tokens import AccessToken

    model = get_user_model()
    users = [model(id=number, username=f"user{number}") for number in range(1, count + 1)]
    model.objects.bulk_create(users, batch_size=1000, ignore_conflicts=True)
    for user in users:
        print(AccessToken.for_user(user))


if __name__ == "__main__":
    main(int(sys.argv[1]))
