"""MTN MoMo: collections, disbursements and refunds."""
