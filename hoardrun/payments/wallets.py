"""The companies whose wallets gateways reach, by the ledger's names of them."""

from __future__ import annotations

from hoardrun.ledger.choices import Provider

# Gateways that reach the wallets of one company.
_OWN = {
    "mtn": Provider.MTN_MOMO,
    "daraja": Provider.MPESA,
    "airtel": Provider.AIRTEL_MONEY,
}
# How the names of networks begin that a gateway to many uses.
_NETWORKS = {
    "MTN_": Provider.MTN_MOMO,
    "MPESA_": Provider.MPESA,
    "AIRTEL_": Provider.AIRTEL_MONEY,
    "VODA": Provider.VODAFONE_CASH,
    "TIGO_": Provider.TIGO_CASH,
    "ORANGE_": Provider.ORANGE_MONEY,
}


def needs_network(gateway: str) -> bool:
    """Say whether a payment by a gateway must name the network that it is to reach."""
    return gateway not in _OWN


def wallet_of(gateway: str, network: str) -> str:
    """Return whose wallet a payment is about; empty if the ledger does not name that company."""
    if own := _OWN.get(gateway):
        return own.value
    begins = (wallet.value for name, wallet in _NETWORKS.items() if network.startswith(name))
    return next(begins, "")
