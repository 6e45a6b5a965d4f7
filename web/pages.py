"""TABLE: every page of the tab, by the module that draws it. A new page is one line of its module's PAGES."""

from web import decision_page, kept_forms, my_work, note_page, reassess_page, task_page
from web.visit import Page

PAGES: tuple[Page, ...] = (
    *my_work.PAGES,
    *task_page.PAGES,
    *decision_page.PAGES,
    *reassess_page.PAGES,
    *note_page.PAGES,
    *kept_forms.PAGES,
)
