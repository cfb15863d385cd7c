"""What is proven of a customer: the tier, and which phones are theirs."""
