"""What leaves for a tracing system (OpenTelemetry) and an error tracker (Sentry), if they are set.

Both are extras and off by default: nothing here imports their libraries unless its variable is set.
"""
