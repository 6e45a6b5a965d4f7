"""The Teams Workflows webhook."""
