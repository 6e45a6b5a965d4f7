"""The domain: what tasking is and what may be done to a task. Pure Python; no input, no output."""
