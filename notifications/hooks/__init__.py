"""What comes back from outside: providers' webhooks, devices' receipts, unsubscribing."""
