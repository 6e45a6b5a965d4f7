"""Errors of the domain, grouped by what the caller does next."""


class TaskingError(Exception):
    """Base of every error that a rule of tasking raises."""


class RuleBroken(TaskingError):
    """The action is not allowed. The text is a sentence for the person who asked, without personal data."""


class StaleTask(TaskingError):
    """Somebody else saved the task since it was read: read it again and try once more."""


class UnknownTask(TaskingError):
    """No task has this reference or id."""


class UnknownDecision(TaskingError):
    """No decision has this reference or id."""


class UnknownMeeting(TaskingError):
    """No meeting has this reference."""
