"""The /_emulator area: levers, faults, seeds, snapshots, its OpenAPI description."""
