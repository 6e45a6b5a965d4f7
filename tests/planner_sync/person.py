"""Somebody at work in Planner under their own name, sending what a person's own client sends."""

from typing import Any

from tests.emulator_server import RunningEmulator

Wire = dict[str, Any]


class Person:
    """One person with a token of their own. Each change is made on what they have just read."""

    def __init__(self, emulator: RunningEmulator, upn: str, user_id: str) -> None:
        self.user_id = user_id
        self._http = emulator.client(emulator.person_token(upn))

    def task(self, planner_id: str) -> Wire:
        return dict(self._http.get(f"/planner/tasks/{planner_id}").raise_for_status().json())

    def details(self, planner_id: str) -> Wire:
        return dict(self._http.get(f"/planner/tasks/{planner_id}/details").raise_for_status().json())

    def change(self, planner_id: str, **fields: Any) -> None:
        self._patch(f"/planner/tasks/{planner_id}", self.task(planner_id), fields)

    def change_details(self, planner_id: str, **fields: Any) -> None:
        self._patch(f"/planner/tasks/{planner_id}/details", self.details(planner_id), fields)

    def assign(self, planner_id: str, *user_ids: str) -> None:
        for user_id in user_ids:
            how = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
            self.change(planner_id, assignments={user_id: how})

    def unassign(self, planner_id: str, user_id: str) -> None:
        self.change(planner_id, assignments={user_id: None})

    def label(self, planner_id: str, slot: int, is_on: bool = True) -> None:
        self.change(planner_id, appliedCategories={f"category{slot}": is_on})

    def line(self, planner_id: str, line_id: str, **fields: Any) -> None:
        """Changes or adds a line of the checklist."""
        kind = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
        self.change_details(planner_id, checklist={line_id: kind | fields})

    def tick(self, planner_id: str, line_id: str, is_done: bool = True) -> None:
        self.line(planner_id, line_id, isChecked=is_done)

    def copy(self, planner_id: str, title: str | None = None) -> str:
        """Makes a copy of a task on the same plan, as Planner's own "copy task" does."""
        seen = self.task(planner_id)
        kept = {name: seen[name] for name in ("planId", "bucketId", "priority", "dueDateTime", "appliedCategories")}
        body = {**kept, "title": title or seen["title"]}
        return str(self._http.post("/planner/tasks", json=body).raise_for_status().json()["id"])

    def new_bucket(self, plan_id: str, name: str) -> str:
        body = {"name": name, "planId": plan_id, "orderHint": " !"}
        return str(self._http.post("/planner/buckets", json=body).raise_for_status().json()["id"])

    def make_plan(self, group_url: str, title: str) -> str:
        body = {"container": {"url": group_url}, "title": title}
        return str(self._http.post("/planner/plans", json=body).raise_for_status().json()["id"])

    def make_task(self, plan_id: str, bucket_id: str, title: str, **more: Any) -> str:
        """Makes a task by hand."""
        body = {"planId": plan_id, "bucketId": bucket_id, "title": title, **more}
        return str(self._http.post("/planner/tasks", json=body).raise_for_status().json()["id"])

    def delete(self, planner_id: str) -> None:
        self.remove(f"/planner/tasks/{planner_id}")

    def read(self, path: str) -> Wire:
        return dict(self._http.get(path).raise_for_status().json())

    def patch(self, path: str, **fields: Any) -> None:
        """Changes anything in Planner, on what was just read."""
        self._patch(path, self.read(path), fields)

    def remove(self, path: str) -> None:
        """Deletes anything in Planner."""
        etag = self.read(path)["@odata.etag"]
        self._http.delete(path, headers={"If-Match": etag}).raise_for_status()

    def close(self) -> None:
        self._http.close()

    def _patch(self, path: str, seen: Wire, fields: Wire) -> None:
        answer = self._http.patch(path, json=fields, headers={"If-Match": seen["@odata.etag"]})
        assert answer.status_code == 204, answer.text
