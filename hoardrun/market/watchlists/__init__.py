"""Watchlists: the instruments that a user follows, in an order of theirs."""
