"""This process among the others of a deployment."""
