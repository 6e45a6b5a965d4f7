"""Behaviours that sources leave open, or that tests want small: one field each, set with --switch or control."""

from dataclasses import dataclass, field, fields
from typing import Any

MOST = 1_000_000_000


def _switch(default: Any, meaning: str, *other: Any, least: int = 0, most: int = MOST) -> Any:
    """A switch; with `other` values named, it takes those and its default only. A number lies within bounds."""
    values = (default, *other) if other else ()
    return field(default=default, metadata={"meaning": meaning, "values": values, "bounds": (least, most)})


@dataclass(slots=True)
class Switches:
    """All switches with their defaults. The field's type decides how text from a command line is read."""

    planner_page_size: int = _switch(400, "rows per page of a Planner list", least=1)
    planner_missing_if_match_status: int = _switch(412, "status for a write without If-Match: 412 or 400", 400)
    planner_if_match_star: str = _switch("refuse", "If-Match: * is 'refuse'd or 'accept'ed", "accept")
    planner_post_details: str = _switch(
        "ignore", "details inside POST task: 'ignore', 'accept' or 'refuse'", "accept", "refuse"
    )
    planner_read_only: str = _switch("refuse", "read-only properties in a write: 'refuse' (400) or 'ignore'", "ignore")
    planner_delete_bucket: str = _switch(
        "delete",
        "tasks of a deleted bucket: 'delete', 'orphan' (bucketId null) or 'dangle' (old id)",
        "orphan",
        "dangle",
    )
    planner_task_patch_moves_details: bool = _switch(False, "a task PATCH moves the details etag too")
    planner_unfiltered_status: int = _switch(
        400, "status for GET of a whole Planner entity set: 400, 403, 404 or 405", 403, 404, 405
    )
    planner_non_member_assignee: str = _switch("accept", "assigning a non-member: 'accept' or 'refuse' (400)", "refuse")
    planner_unknown_assignee: str = _switch(
        "accept", "assigning an unknown user id: 'accept' or 'refuse' (400)", "refuse"
    )
    planner_outside_assignee: str = _switch(
        "reduced", "an assignee outside the group: 'reduced' view or 'nothing'", "nothing"
    )
    planner_stale_list_seconds: float = _switch(0.0, "new tasks are absent from lists for so long (real time)")
    planner_stale_changes_seconds: float = _switch(
        0.0, "lists show a task as it was so long ago, with its old etag (real time)"
    )
    planner_stale_deletes_seconds: float = _switch(0.0, "lists show a deleted task for so long (real time)")
    planner_recurrence_created_by: str = _switch(
        "completer",
        "createdBy of a series' next task: 'completer' (or deleter) of the last, or its 'creator'",
        "creator",
    )
    planner_recurrence_delay_seconds: float = _switch(
        0.0, "the next task of a series is absent from lists for so long (real time)"
    )
    planner_recurrence_references: bool = _switch(False, "the next task of a series has the references of the last")
    planner_copied_checklist_keys: str = _switch(
        "same", "keys of a checklist in a copy or next task: the 'same' or 'new'", "new"
    )
    planner_details_404_ms: int = _switch(0, "details of a new task answer 404 for so long (real time)")
    planner_title_max: int = _switch(255, "longest title of task, plan or bucket (assumption)")
    planner_description_max: int = _switch(32000, "longest task description (assumption)")
    planner_checklist_title_max: int = _switch(100, "longest checklist item title (assumption)")
    planner_max_plans_per_group: int = _switch(400, "MaximumPlannerPlans")
    planner_max_tasks: int = _switch(9000, "MaximumTasksInProject")
    planner_max_active_tasks: int = _switch(3000, "MaximumActiveTasksInProject")
    planner_max_buckets: int = _switch(200, "MaximumBucketsInProject")
    planner_max_assignees: int = _switch(20, "MaximumAssigneesInTasks")
    planner_max_checklist_items: int = _switch(20, "MaximumChecklistItemsOnTask")
    planner_max_references: int = _switch(15, "MaximumReferencesOnTask")
    planner_max_tasks_created: int = _switch(0, "MaximumTasksCreatedByUser; 0 is no limit")
    planner_max_tasks_assigned: int = _switch(9000, "MaximumTasksAssignedToUser")
    planner_max_shared_with: int = _switch(100, "MaximumUsersSharedWithProject")
    directory_page_size: int = _switch(100, "rows per page of users, groups and members without $top", least=1)
    teams_channel_per_second: int = _switch(4, "calls per second on one channel before 429; 0 is no limit")
    teams_message_max_bytes: int = _switch(28 * 1024, "largest channel message")
    sharepoint_page_size: int = _switch(
        200, "rows per page of SharePoint and drive lists and deltas without $top", least=1
    )
    sharepoint_delta_repeats: bool = _switch(False, "delta pages tell the last thing of the page before again")
    notification_https_only: bool = _switch(False, "notification addresses have to be https, as on Graph")
    notification_timeout_seconds: float = _switch(10.0, "how long a subscriber may take to answer (real time)")
    notification_batch_seconds: float = _switch(0.1, "changes noticed within so long go out in one POST (real time)")
    notification_copies: int = _switch(1, "each change is notified so many times over", least=1, most=100)
    notification_shuffle: bool = _switch(False, "notifications of one POST come in any order")
    notification_retry_seconds: float = _switch(10.0, "first gap before a refused notification is repeated; doubles")
    workbook_app_only: str = _switch("refuse", "workbook calls of an app alone: 'refuse' (403) or 'allow'", "allow")
    activity_not_installed_status: int = _switch(403, "status when the recipient lacks the Teams app: 403 or 404", 404)
    activity_per_second: int = _switch(5, "activity notifications per second and app before 429; 0 is no limit")
    sites_selected: str = _switch("granted", "Sites.Selected opens 'granted' sites alone, or 'every' site", "every")
    sign_in_pkce_plain: str = _switch("refuse", "a PKCE challenge in plain: 'refuse' or 'accept'")
    sign_in_person_consent: str = _switch("allow", "people may consent to what an app asks: 'allow' or 'refuse'")
    sign_in_refresh_reuse: str = _switch("accept", "a refresh token that was replaced: 'accept' or 'refuse'")
    sign_in_access_seconds: int = _switch(3599, "life of access tokens and id tokens (real time)")
    sign_in_code_seconds: int = _switch(600, "life of an authorization code")
    sign_in_refresh_seconds: int = _switch(90 * 24 * 3600, "life of a refresh token")
    sign_in_device_seconds: int = _switch(900, "life of a device code")
    sign_in_device_interval: float = _switch(5.0, "seconds between a device's polls before slow_down (real time)")
    batch_shuffle: bool = _switch(True, "answers of a $batch come in another order than its requests")

    def set(self, name: str, value: Any) -> None:
        """Give one switch a value; text is read as the switch's own type. ValueError if unknown or unfit."""
        known = {f.name: getattr(Switches(), f.name) for f in fields(self)}
        if name not in known:
            raise ValueError(f"no switch {name!r}; known are {', '.join(sorted(known))}")
        fit = _as_type_of(known[name], value, name)
        allowed = self.choices(name)
        if allowed and fit not in allowed:
            raise ValueError(f"switch {name} is {' or '.join(map(str, allowed))}, not {value!r}")
        least, most = self.bounds(name)
        if isinstance(fit, int | float) and not least <= fit <= most:
            raise ValueError(f"switch {name} is a number from {least} to {most}, not {value!r}")
        setattr(self, name, fit)

    def values(self) -> dict[str, Any]:
        """Every switch and what it stands at."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def choices(cls, name: str) -> tuple[Any, ...]:
        """The values that a switch may have, its default first; empty where any of its type will do."""
        return next((tuple(f.metadata["values"]) for f in fields(cls) if f.name == name), ())

    @classmethod
    def bounds(cls, name: str) -> tuple[int, int]:
        """The least and the most that a switch of a number may be."""
        return next((f.metadata["bounds"] for f in fields(cls) if f.name == name), (0, MOST))

    @classmethod
    def meanings(cls) -> list[tuple[str, Any, str]]:
        """(name, default, meaning) of every switch, for the coverage listing."""
        defaults = cls()
        return [(f.name, getattr(defaults, f.name), f.metadata["meaning"]) for f in fields(cls)]


def _as_type_of(default: Any, value: Any, name: str) -> Any:
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        words = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
        if str(value).lower() in words:
            return words[str(value).lower()]
        raise ValueError(f"switch {name} is true or false, not {value!r}")
    try:
        return type(default)(value)
    except (TypeError, ValueError, OverflowError) as fault:
        raise ValueError(f"switch {name} wants {type(default).__name__}, not {value!r}") from fault
