"""References: the force's own, and those in other systems (crime, incident, custody, problem plan …).

Those are told apart by config's patterns and written in one way, so that one is found however somebody typed it.
"""

import re
from collections.abc import Sequence

from tasking.force import Force, ReferenceKind
from tasking.task import ExternalReference

_BETWEEN = re.compile(r"\s*[;,\n]\s*|\s+(?:and|&)\s+", re.IGNORECASE)


def full_reference(written: str, force: Force) -> str | None:
    """A task reference as the force writes it, from how a person did: `t 2418`, `#2418` and `2418` mean `T-2418`.

    None where it cannot be one.
    """
    match = re.fullmatch(rf"#?({force.reference_prefix})?[\s–-]*(\d{{1,12}})", written.strip().upper(), re.ASCII)
    return f"{force.reference_prefix}-{match[2]}" if match else None


def parts_of(text: str) -> tuple[str, ...]:
    """The references in what somebody typed, which stand between semicolons, commas, `and` or lines."""
    return tuple(part for each in _BETWEEN.split(text) if (part := each.strip(" .#")))


def reference_from(kinds: Sequence[ReferenceKind], written: str) -> ExternalReference | None:
    """What one of them is, by the first kind whose pattern it fits whole; None where it fits none."""
    text = " ".join(written.split()).upper()
    for kind in kinds:
        found = re.fullmatch(kind.pattern, text, re.ASCII)
        if found is not None:
            return ExternalReference(kind.code, kind.written.format(*(part or "" for part in found.groups())))
    return None


def read_references(kinds: Sequence[ReferenceKind], text: str) -> tuple[tuple[ExternalReference, ...], bool]:
    """Every reference in `text`, each once, and whether all of it was understood."""
    found = [reference_from(kinds, part) for part in parts_of(text)]
    return tuple(dict.fromkeys(each for each in found if each is not None)), None not in found


def kinds_in_words(kinds: Sequence[ReferenceKind]) -> str:
    """What a reference may look like: one example of each kind."""
    return ", ".join(f"{kind.example} ({kind.name.lower()})" for kind in kinds)


def fault_of_kind(kind: ReferenceKind) -> str | None:
    """What is wrong with a kind's pattern, for whoever writes config; None where nothing is."""
    try:
        groups = re.compile(kind.pattern, re.ASCII).groups
    except re.error as error:
        return f"the pattern of '{kind.code}' is not one: {error}"
    try:
        kind.written.format(*(str(number) for number in range(groups)))
    except (LookupError, ValueError):
        return f"'written' of '{kind.code}' names more parts than its pattern has: there are {groups}"
    if reference_from((kind,), kind.example) != ExternalReference(kind.code, kind.example):
        return f"the example of '{kind.code}' must be what 'pattern' and 'written' make of it"
    return None
