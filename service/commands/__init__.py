"""The sub-commands of `tasking`, by what they are about. service/cli.py is the way in."""
