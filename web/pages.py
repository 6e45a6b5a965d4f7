"""TABLE: every page of the tab, by the module that draws it. A new page is one line of its module's PAGES."""

from web import kept_forms, my_work, task_page
from web.visit import Page

PAGES: tuple[Page, ...] = (
    *my_work.PAGES,
    *task_page.PAGES,
    *kept_forms.PAGES,
)
