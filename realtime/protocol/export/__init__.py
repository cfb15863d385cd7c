"""Documents and declarations made from the protocol."""
