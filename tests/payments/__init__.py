"""The proof of payments: no shilling lost or booked twice while nodes, workers and stores fail.

The product's nodes and workers move payments through the stub of the providers, whose phones end
each payment as its number says. `checker` compares the stub's own books with the ledger; it shares
no code with the product.
"""
