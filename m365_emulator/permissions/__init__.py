"""Which permissions let a call through."""
