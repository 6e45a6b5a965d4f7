"""Doors: Azure triggers. Parse, call, answer; no rules."""

from functions import boards, forms_intake, graph_notifications, health, meeting_pages, timers, work_queue

BLUEPRINTS = (
    boards.blueprint,
    forms_intake.blueprint,
    graph_notifications.blueprint,
    health.blueprint,
    meeting_pages.blueprint,
    timers.blueprint,
    work_queue.blueprint,
)
