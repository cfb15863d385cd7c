"""pawaPay: one contract for the wallets of many networks."""
