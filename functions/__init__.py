"""Doors: Azure triggers. Parse, call, answer; no rules."""

from functions import forms_intake, health, timers, work_queue

BLUEPRINTS = (
    forms_intake.blueprint,
    health.blueprint,
    timers.blueprint,
    work_queue.blueprint,
)
