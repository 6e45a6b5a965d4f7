"""What a card's button to a task's record opens: the tab in Teams where the app's id is set, else the address told."""

from service.settings import Settings
from web.deep_links import deep_link


def record_url(settings: Settings) -> str:
    """The template with {reference}; empty where there is neither."""
    if settings.teams_app_id:
        return deep_link(settings.teams_app_id, settings.tab_url, "/tasks/{reference}")
    return settings.record_url
