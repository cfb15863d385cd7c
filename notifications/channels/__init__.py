"""The channels by which notifications leave the system."""
