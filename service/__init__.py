"""Wiring: the running service. Makes each part once and hands it its parts."""
