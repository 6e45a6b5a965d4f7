"""The Teams app of the tab as a package to upload: a manifest made of settings, and two icons.

Fields and their limits are those of the manifest's schema 1.29 (github.com/OfficeDev/microsoft-teams-app-schema).
"""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from service.settings import GUID, PREFIX, BadSettings, Settings
from service.tab import missing_for_tab
from service.teams_icons import colour_icon, outline_icon
from tasking.force import Force
from web.deep_links import ENTITY, SUB_PAGE

SCHEMA = "1.29"
ACCENT = "#12284C"
LONGEST_SHORT_NAME, LONGEST_DEVELOPER = 30, 32
THEME = "theme={app.theme}"
"""What Teams puts its theme's name into (learn.microsoft.com/microsoftteams/platform/concepts/tabs/tabs-context)."""
SHORT = "Tasks, meetings and decisions of the force's tasking process."
FULL = (
    "Where tasking is run and looked at: the officer's own submissions and tasks, the tasking officer's inbox, "
    "meetings with their decisions, and the decision register. What somebody sees depends on their role and their "
    "units; every look at a task is logged."
)
MADE_AT = (2020, 1, 1, 0, 0, 0)
"""The date of each file in the package: the same settings give the same bytes."""


def teams_package(settings: Settings, force: Force) -> bytes:
    """The package, a zip of manifest.json, color.png and outline.png. Raises BadSettings naming each setting that is
    missing or that Teams does not take."""
    if faults := _faults(settings):
        raise BadSettings(faults)
    told = json.dumps(manifest(settings, force), ensure_ascii=False, indent=2).encode()
    files = {"manifest.json": told, "color.png": colour_icon(), "outline.png": outline_icon()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(zipfile.ZipInfo(name, MADE_AT), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def manifest(settings: Settings, force: Force) -> Mapping[str, Any]:
    """The manifest. Its id is the one that settings name, or comes of the tab's address: a later package is the same
    app. With it the links of cards find the app."""
    url, name = settings.tab_url, f"{force.name} tasking"
    home = f"{url}/?{THEME}&{SUB_PAGE}"
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA,
        "version": version("tasking"),
        "id": settings.teams_app_id or str(uuid.uuid5(uuid.NAMESPACE_URL, url)),
        "developer": {
            "name": force.name[:LONGEST_DEVELOPER],
            "websiteUrl": f"{url}/",
            "privacyUrl": f"{url}/about",
            "termsOfUseUrl": f"{url}/about",
        },
        "name": {"short": name if len(name) <= LONGEST_SHORT_NAME else "Tasking", "full": name[:100]},
        "description": {"short": SHORT, "full": FULL},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "staticTabs": [
            {
                "entityId": ENTITY,
                "name": "Tasking",
                "contentUrl": home,
                "websiteUrl": f"{url}/",
                "scopes": ["personal"],
            }
        ],
        "configurableTabs": [
            {
                "configurationUrl": f"{url}/teams/configure?{THEME}",
                "canUpdateConfiguration": True,
                "scopes": ["team"],
                "context": ["channelTab"],
            }
        ],
        "supportedChannelTypes": ["privateChannels"],
        "defaultInstallScope": "personal",
        "permissions": ["identity"],
        "validDomains": [str(urlsplit(url).netloc)],
        "webApplicationInfo": {
            "id": settings.tab_client_id,
            "resource": settings.tab_api_uri or f"api://{settings.tab_client_id}",
        },
    }


def _faults(settings: Settings) -> list[str]:
    if missing := missing_for_tab(settings):
        return [f"{name}: is needed for a Teams package and is not set." for name in missing]
    table = (
        (settings.tab_url.startswith("https:"), "TAB_URL", "Teams shows only what is reached by https."),
        (bool(GUID.fullmatch(settings.tab_client_id)), "TAB_CLIENT_ID", "must be the app registration's id, a GUID."),
    )
    return [f"{PREFIX}{name}: {words}" for holds, name, words in table if not holds]
