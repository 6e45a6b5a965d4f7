"""Links that open a page of the tab inside Teams, from a card or a chat.

Source: learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-application (deep link to a tab):
the app's id, the tab's entity id, and in `context` the page within it, which Teams hands back as {page.subPageId}.
"""

from urllib.parse import quote

ENTITY = "tasking"
"""The personal tab's entity id in the manifest."""
SUB_PAGE = "open={page.subPageId}"
"""What Teams fills in the tab's address with the page that a deep link names; left as it is, it names none."""
_BEFORE, _AFTER = quote('{"subEntityId":"', safe=""), quote('"}', safe="")


def deep_link(app_id: str, tab_url: str, path: str) -> str:
    """The link to a page of the tab. `path` is below the tab's address and may hold a template's {braces}, which stay.

    Without Teams it opens the same page in a browser.
    """
    told = quote(path, safe="{}")
    web = quote(tab_url, safe="") + quote(quote(path, safe="/{}"), safe="{}")
    return f"https://teams.microsoft.com/l/entity/{app_id}/{ENTITY}?webUrl={web}&label=Tasking&context={_BEFORE}{told}{_AFTER}"
