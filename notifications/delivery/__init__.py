"""From a due rung to the provider's receipt: judge, claim, send, settle, reap."""
