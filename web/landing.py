"""Where a deep link lands: a page of the tab that can be looked at, and nowhere else."""

from collections.abc import Iterable
from urllib.parse import quote

from starlette.routing import compile_path

from web.visit import Page

LONGEST = 300


def page_named(told: str, pages: Iterable[Page]) -> str:
    """The path below the tab's address that `told` names, ready for a redirect; '' where it names no page of ours.

    What is not a path, as an address of another host or a placeholder that nobody filled in, names none.
    """
    if len(told) > LONGEST or not told.isprintable() or set(told) & set("\\?#"):
        return ""
    for page in pages:
        if "GET" in page.methods and compile_path(page.path)[0].fullmatch(told):
            return quote(told)
    return ""
