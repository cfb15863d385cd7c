"""The people whom customers pay: saved with a name that their provider was asked about."""
