"""TABLE: what the emulator serves. A capability joins by one line in each of the tables that it needs."""

from starlette.routing import BaseRoute

from m365_emulator import activity, directory, drives, planner, sharepoint, subscriptions, teams, workbook, workflows
from m365_emulator.control import CONTROL_ROUTES
from m365_emulator.control_planner import PLANNER_CONTROL_ROUTES
from m365_emulator.faults_plan_control import FAULT_PLAN_ROUTES
from m365_emulator.forms import FORM_CONTROL_ROUTES
from m365_emulator.openapi import OPENAPI_ROUTES
from m365_emulator.pages import PAGE_ROUTES
from m365_emulator.permission_table import ACCESS
from m365_emulator.permission_table_files import FILE_ACCESS
from m365_emulator.permissions import PermissionCheck
from m365_emulator.routing import Route
from m365_emulator.seed_control import SEED_ROUTES
from m365_emulator.sharepoint_control import DELTA_CONTROL_ROUTES
from m365_emulator.sign_in_control import SIGN_IN_CONTROL_ROUTES
from m365_emulator.site_grants import GRANT_CONTROL_ROUTES
from m365_emulator.snapshots import SNAPSHOT_ROUTES
from m365_emulator.subscriptions_control import SUBSCRIPTION_CONTROL_ROUTES


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
        *FAULT_PLAN_ROUTES,
        *SNAPSHOT_ROUTES,
        *SEED_ROUTES,
        *OPENAPI_ROUTES,
        *SIGN_IN_CONTROL_ROUTES,
        *PLANNER_CONTROL_ROUTES,
        *FORM_CONTROL_ROUTES,
        *DELTA_CONTROL_ROUTES,
        *GRANT_CONTROL_ROUTES,
        *SUBSCRIPTION_CONTROL_ROUTES,
        *activity.ACTIVITY_CONTROL_ROUTES,
        *workflows.WORKFLOW_CONTROL_ROUTES,
    ]


def page_routes() -> list[BaseRoute]:
    """Every route outside /v1.0, /_emulator and sign-in: pages, webhooks, downloads."""
    return [*drives.PAGE_ROUTES, *workflows.PAGE_ROUTES, *PAGE_ROUTES]


def permission_check() -> PermissionCheck:
    """The permission tables as one."""
    return PermissionCheck((*ACCESS, *FILE_ACCESS))
