"""TABLE: every page of the tab, by the module that draws it. A new page is one line of its module's PAGES."""

from web import (
    agenda_pages,
    board_page,
    decision_page,
    inbox_page,
    kept_forms,
    meeting_pages,
    meeting_papers,
    my_submissions_page,
    my_work,
    note_page,
    operator_page,
    reassess_page,
    register_page,
    search_page,
    task_page,
    teams_page,
    today_page,
)
from web.visit import Page

PAGES: tuple[Page, ...] = (
    *my_work.PAGES,
    *board_page.PAGES,
    *search_page.PAGES,
    *today_page.PAGES,
    *my_submissions_page.PAGES,
    *inbox_page.PAGES,
    *task_page.PAGES,
    *decision_page.PAGES,
    *reassess_page.PAGES,
    *note_page.PAGES,
    *meeting_pages.PAGES,
    *meeting_papers.PAGES,
    *agenda_pages.PAGES,
    *register_page.PAGES,
    *operator_page.PAGES,
    *teams_page.PAGES,
    *kept_forms.PAGES,
)
