"""The tab, as settings describe it."""

from collections.abc import Mapping, Sequence
from functools import partial

from starlette.types import ASGIApp

from forms_ingest.form_mapping import FormDefinition, FormKind
from graph_client.directory import User
from service.settings import PREFIX, Settings
from service.wiring import Service
from store import notebook
from tasking.thrive import HIGHEST_LEVEL
from web.application import build_tab
from web.pages import PAGES
from web.tab import RiskQuestion, Tab, TabSettings
from web.visit import Page

ASKED_AGAIN = (*HIGHEST_LEVEL, "flags", "alignment", "repeats_28d", "confidence", "assessment_source")
"""What the form asks by which the risk of a task is assessed again."""
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
        teams_app_id=settings.teams_app_id,
    )
    words, questions = thrive_words(service.forms), risk_questions(service.forms)
    url = settings.planner_task_url
    members = partial(_members, service)
    tab = Tab(told, service.store, service.force, service.policy, url, members, words, questions, settings.poster)
    return build_tab(tab, pages)


async def _members(service: Service, board: str) -> tuple[User, ...]:
    """Who is in the group of this board; nobody while it has not been provisioned. Raises GraphError."""
    with service.store.open() as connection:
        group = notebook.provisioned_row(connection, "group", board)
    return await service.graph.directory.members(group["graph_id"]) if group else ()


def risk_questions(forms: Mapping[str, FormDefinition]) -> tuple[RiskQuestion, ...]:
    """What the reassess form asks, in its words, so that an answer means the same here and there; none without it."""
    form = next((each for each in forms.values() if each.kind is FormKind.REASSESS), None)
    return tuple(
        RiskQuestion(each.field, each.title, each.hint, {str(value): label for label, value in each.choices.items()})
        for each in (form.questions if form else ())
        if each.field in ASKED_AGAIN
    )


def thrive_words(forms: Mapping[str, FormDefinition]) -> dict[str, dict[int, str]]:
    """The answers that forms offer to the THRIVE questions, by name and level. A form that comes later adds nothing."""
    found: dict[str, dict[int, str]] = {}
    for form in forms.values():
        for question in form.questions:
            if question.field in HIGHEST_LEVEL and question.field not in found:
                found[question.field] = {int(level): label for label, level in question.choices.items()}
    return found
