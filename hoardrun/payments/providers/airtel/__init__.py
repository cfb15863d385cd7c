"""Airtel Money: collections, disbursements and refunds, by its first signature-less version."""
