"""Pages for a person: forms, boards, channels, traffic."""
