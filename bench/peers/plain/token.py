"""Print an access token of a user: `python -m bench.peers.plain.token 17`."""

from __future__ import annotations

import sys

import django


def main(user_id: int) -> None:
    django.setup()
    from django.contrib.auth.models import User
    from rest_framework_simplejwt.tokens import AccessToken

    print(AccessToken.for_user(User.objects.get(pk=user_id)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
