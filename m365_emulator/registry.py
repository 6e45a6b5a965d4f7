"""TABLE: what the emulator serves. A capability joins by one line in each of the tables that it needs."""

from starlette.routing import BaseRoute

from m365_emulator.control.faults_levers import FAULT_ROUTES
from m365_emulator.control.levers import CONTROL_ROUTES
from m365_emulator.control.openapi import OPENAPI_ROUTES
from m365_emulator.control.seed_levers import SEED_ROUTES
from m365_emulator.control.snapshots import SNAPSHOT_ROUTES
from m365_emulator.directory import routes as directory
from m365_emulator.directory.control import PEOPLE_CONTROL_ROUTES
from m365_emulator.drives import routes as drives
from m365_emulator.drives import workbook
from m365_emulator.forms.control import FORM_CONTROL_ROUTES
from m365_emulator.pages.routes import PAGE_ROUTES
from m365_emulator.permissions.check import PermissionCheck
from m365_emulator.permissions.table import ACCESS
from m365_emulator.permissions.table_files import FILE_ACCESS
from m365_emulator.planner import routes as planner
from m365_emulator.planner.control import PLANNER_CONTROL_ROUTES
from m365_emulator.planner.task_levers import TASK_CONTROL_ROUTES
from m365_emulator.routing import Route
from m365_emulator.sharepoint import routes as sharepoint
from m365_emulator.sharepoint.control import DELTA_CONTROL_ROUTES
from m365_emulator.sharepoint.grants import GRANT_CONTROL_ROUTES
from m365_emulator.sign_in.control import SIGN_IN_CONTROL_ROUTES
from m365_emulator.subscriptions import routes as subscriptions
from m365_emulator.subscriptions.control import SUBSCRIPTION_CONTROL_ROUTES
from m365_emulator.teams import activity
from m365_emulator.teams import routes as teams
from m365_emulator.teams.migration import MIGRATION_CONTROL_ROUTES
from m365_emulator.workflows import routes as workflows


def graph_routes() -> tuple[Route, ...]:
    """Every route below /v1.0."""
    return (
        *planner.ROUTES,
        *directory.ROUTES,
        *teams.ROUTES,
        *activity.ROUTES,
        *sharepoint.ROUTES,
        *drives.ROUTES,
        *workbook.ROUTES,
        *subscriptions.ROUTES,
    )


def control_routes() -> list[BaseRoute]:
    """Every route below /_emulator."""
    return [
        *CONTROL_ROUTES,
        *FAULT_ROUTES,
        *SNAPSHOT_ROUTES,
        *SEED_ROUTES,
        *OPENAPI_ROUTES,
        *SIGN_IN_CONTROL_ROUTES,
        *PEOPLE_CONTROL_ROUTES,
        *PLANNER_CONTROL_ROUTES,
        *TASK_CONTROL_ROUTES,
        *FORM_CONTROL_ROUTES,
        *DELTA_CONTROL_ROUTES,
        *GRANT_CONTROL_ROUTES,
        *SUBSCRIPTION_CONTROL_ROUTES,
        *activity.ACTIVITY_CONTROL_ROUTES,
        *MIGRATION_CONTROL_ROUTES,
        *workflows.WORKFLOW_CONTROL_ROUTES,
    ]


def page_routes() -> list[BaseRoute]:
    """Every route outside /v1.0, /_emulator and sign-in: pages, webhooks, downloads."""
    return [*drives.PAGE_ROUTES, *workflows.PAGE_ROUTES, *PAGE_ROUTES]


def permission_check() -> PermissionCheck:
    """The permission tables as one."""
    return PermissionCheck((*ACCESS, *FILE_ACCESS))
