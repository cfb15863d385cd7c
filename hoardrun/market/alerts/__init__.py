"""Price alerts: what users wait for, and the engine's consumer that fires them."""
