"""Forms to tasks: every response is received once, whatever way it came, and then has its effect once."""
