"""What `make run` shows of the world around a deployment: its providers, and a customer's phone."""
