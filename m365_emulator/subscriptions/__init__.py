"""Change notifications: handshake, delivery, lifecycle."""
