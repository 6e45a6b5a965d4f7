"""Entra's sign-in: discovery, authorize, tokens, device code, managed identity, the local certificate authority."""
