"""Sites, lists, columns, items, delta."""
