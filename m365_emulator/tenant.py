"""The whole tenant in one object: identity, clock, levers, and one state object per capability.

All handlers run on one event loop and change state without awaiting, so each request is atomic.
"""

import secrets
import uuid
from dataclasses import dataclass, field

from m365_emulator.clock import Clock
from m365_emulator.control.faults import Faults
from m365_emulator.control.faults_plan import Plan
from m365_emulator.directory.state import DirectoryState
from m365_emulator.drives.state import DrivesState
from m365_emulator.drives.workbook_state import WorkbookState
from m365_emulator.forms.state import FormsState
from m365_emulator.planner.state import PlannerState
from m365_emulator.sharepoint.grants_state import SiteGrants
from m365_emulator.sharepoint.state import SharePointState
from m365_emulator.sign_in.apps import AppRegistrations, default_apps
from m365_emulator.sign_in.state import SignInState
from m365_emulator.sign_in.tokens import (
    DEFAULT_APP_ID,
    DEFAULT_APP_OBJECT_ID,
    DEFAULT_GRANTS,
    Caller,
    Consent,
    TokenIssuer,
)
from m365_emulator.subscriptions.state import SubscriptionsState
from m365_emulator.switches import Switches
from m365_emulator.teams.activity_state import ActivityState
from m365_emulator.teams.state import TeamsState
from m365_emulator.traffic import MAX_ENTRIES, Traffic
from m365_emulator.workflows.state import WorkflowsState

DOMAIN = "peakshire.example"


@dataclass(frozen=True, slots=True)
class TenantOptions:
    """What is fixed for the life of the program: names, ids, the managed identity and its secret."""

    tenant_id: str = "4f0e8c3a-3d8b-4d0e-9a53-0a6b7a9e5d11"
    domain: str = DOMAIN
    app_id: str = DEFAULT_APP_ID
    app_object_id: str = DEFAULT_APP_OBJECT_ID
    identity_header: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    grants: frozenset[str] = DEFAULT_GRANTS
    switches: tuple[tuple[str, str], ...] = ()
    traffic_keep: int = MAX_ENTRIES


class Tenant:
    """State of the emulator. `reset` empties it; the signing key, the options and the snapshots stay."""

    clock: Clock
    switches: Switches
    faults: Faults
    fault_plan: Plan
    consent: Consent
    apps: AppRegistrations
    sign_in: SignInState
    traffic: Traffic
    directory: DirectoryState
    planner: PlannerState
    teams: TeamsState
    sharepoint: SharePointState
    drives: DrivesState
    workflows: WorkflowsState
    forms: FormsState
    subscriptions: SubscriptionsState
    activity: ActivityState
    workbooks: WorkbookState
    site_grants: SiteGrants

    def __init__(self, options: TenantOptions | None = None) -> None:
        self.options = options or TenantOptions()
        self.tenant_id = self.options.tenant_id
        self.snapshots: dict[str, str] = {}
        self.tokens = TokenIssuer(self.tenant_id)
        self.reset()

    def reset(self) -> None:
        """Back to an empty tenant: no people, groups or plans, no faults, default switches and consent."""
        self.clock = Clock()
        self.switches = Switches()
        for name, value in self.options.switches:
            self.switches.set(name, value)
        self.faults = Faults()
        self.fault_plan = Plan()
        self.consent = Consent({self.options.app_id: set(self.options.grants)})
        self.apps = default_apps(self.options.app_id, self.options.app_object_id)
        self.sign_in = SignInState()
        self.traffic = Traffic(self.options.traffic_keep)
        self.directory = DirectoryState(self.options.domain)
        self.planner = PlannerState()
        self.teams = TeamsState()
        self.sharepoint = SharePointState(self.clock.now, sharepoint_hostname(self.options.domain))
        self.drives = DrivesState(self.clock.now)
        self.workflows = WorkflowsState(self.clock.now)
        self.forms = FormsState()
        self.subscriptions = SubscriptionsState()
        self.activity = ActivityState()
        self.workbooks = WorkbookState()
        self.site_grants = SiteGrants()

    def app_token(self, app_id: str, seconds: int) -> str:
        """A token for an app alone, with the permissions consented to it now."""
        own = app_id == self.options.app_id
        object_id = self.options.app_object_id if own else str(uuid.uuid5(uuid.NAMESPACE_OID, app_id))
        return self.tokens.app_token(app_id, object_id, self.consent.of(app_id), seconds)

    def is_named(self, name: str) -> bool:
        """Does this path segment of a sign-in address mean this tenant? Its id, its domain, or any organisation."""
        return name.lower() in (self.tenant_id, self.options.domain, "common", "organizations")

    def person(self, user_id: str, scopes: frozenset[str], app_id: str) -> Caller:
        """A caller acting for a person, for calls made inside the program (the emulator's own pages)."""
        return Caller(app_id, user_id, scopes)


def sharepoint_hostname(domain: str) -> str:
    """The host name of the tenant's sites, e.g. peakshire.sharepoint.example for peakshire.example."""
    name, _, rest = domain.partition(".")
    return f"{name}.sharepoint.{rest}"
