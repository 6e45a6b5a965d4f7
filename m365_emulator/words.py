"""What is said of a family of routes beside its registration: what is modelled, assumed and refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumed:
    """Something that no public source settles: how it is here, and the switches (or other means) that change it."""

    what: str
    here: str
    switches: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Routes that belong together. `refused` is what a client may look for and does not find."""

    title: str
    modelled: tuple[str, ...]
    assumed: tuple[Assumed, ...] = ()
    refused: tuple[str, ...] = ()
