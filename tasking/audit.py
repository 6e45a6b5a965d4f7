"""What kinds of event the audit log tells apart: the six that the law names, signing in, and changed configuration."""

from enum import StrEnum

FROM_TAB = "tab"
"""The source of what people do in the tab."""
SCORES_SEEN, BRIEF_SEEN = "scores consulted", "brief consulted"
"""That somebody looked at a task's scores, or at what a blind second assessor is shown of it, which holds none."""


class AuditKind(StrEnum):
    """The first six are those of section 62, Data Protection Act 2018; the policing notes, IG-07, say what each is.

    COLLECTION: a response or a board's own task came in. ALTERATION: a field changed, wherever. CONSULTATION: somebody
    looked. DISCLOSURE: it went to somebody else, or into a file. COMBINATION: records were joined. ERASURE: a purge.
    """

    COLLECTION = "COLLECTION"
    ALTERATION = "ALTERATION"
    CONSULTATION = "CONSULTATION"
    DISCLOSURE = "DISCLOSURE"
    COMBINATION = "COMBINATION"
    ERASURE = "ERASURE"
    SIGN_IN = "SIGN_IN"
    CONFIGURATION = "CONFIGURATION"
