"""The tab, as settings describe it."""

from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp

from forms_ingest.form_mapping import FormDefinition
from service.settings import PREFIX, Settings
from service.wiring import Service
from tasking.thrive import HIGHEST_LEVEL
from web.application import build_tab
from web.pages import PAGES
from web.tab import Tab, TabSettings
from web.visit import Page

NEEDED = ("tab_url", "tab_authority", "tab_client_id", "tab_client_secret")


def missing_for_tab(settings: Settings) -> list[str]:
    """Names of the variables that the tab still needs."""
    return [f"{PREFIX}{name.upper()}" for name in NEEDED if not getattr(settings, name)]


def make_tab(service: Service, pages: Sequence[Page] = PAGES) -> ASGIApp | None:
    """The tab of this service; None where settings name none, or not all that it needs."""
    settings = service.settings
    if missing_for_tab(settings):
        return None
    told = TabSettings(
        url=settings.tab_url,
        authority=settings.tab_authority,
        client_id=settings.tab_client_id,
        client_secret=settings.tab_client_secret,
        api_uri=settings.tab_api_uri or f"api://{settings.tab_client_id}",
        frame_ancestors=settings.tab_frame_ancestors,
        ca_file=settings.tab_ca_file,
    )
    words = thrive_words(service.forms)
    return build_tab(Tab(told, service.store, service.force, service.policy, settings.planner_task_url, words), pages)


def thrive_words(forms: Mapping[str, FormDefinition]) -> dict[str, dict[int, str]]:
    """The answers that forms offer to the THRIVE questions, by name and level. A form that comes later adds nothing."""
    found: dict[str, dict[int, str]] = {}
    for form in forms.values():
        for question in form.questions:
            if question.field in HIGHEST_LEVEL and question.field not in found:
                found[question.field] = {int(level): label for label, level in question.choices.items()}
    return found
