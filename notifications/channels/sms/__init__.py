"""SMS: segments, and the providers that send them."""
