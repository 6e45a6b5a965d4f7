"""Teams, channels, messages, activity notifications."""
