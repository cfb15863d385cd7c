"""What support does about one notification: send it again by a channel, or stop its ladder."""
