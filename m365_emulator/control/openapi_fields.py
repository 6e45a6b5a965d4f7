"""TABLE: what the fields of the control area's bodies are. A field that is not here is told by its name alone."""

from m365_emulator.odata import Json
from m365_emulator.switches import Switches

TEXT, NUMBER, WHOLE, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "boolean"}
TEXTS, OBJECTS, OBJECT = (
    {"type": "array", "items": TEXT},
    {"type": "array", "items": {"type": "object"}},
    {"type": "object"},
)

FIELDS: dict[str, tuple[Json, str]] = {
    "people": (OBJECTS, "upn, display_name, id?, enabled?, job_title?, department?, user_type?"),
    "groups": (OBJECTS, "mail_nickname, display_name, id?, members?, owners?, team?"),
    "plans": (OBJECTS, "title, group, labels?, buckets?, tasks?"),
    "lists": (OBJECTS, "name, group, columns?, items?"),
    "forms": (OBJECTS, "as for POST forms; flow.list may name a list of the seed"),
    "webhooks": (OBJECTS, "name, group, channel"),
    "group": (TEXT, "a group's mail nickname or id"),
    "upns": (TEXTS, "sign-in names or ids"),
    "remove": (TEXTS, "sign-in names or ids"),
    "enabled": (TRUTH, "false: the account is disabled"),
    "by": (TEXT, "who does it: a sign-in name or id"),
    "plan": (TEXT, "a plan's id; the task's own without it"),
    "bucket": (TEXT, "a bucket's id; without it the task's own, or the other plan's first"),
    "include": (
        TEXTS,
        "what is copied: assignments, progress, dates, description, checklist, references, labels; "
        "description, checklist and labels without it",
    ),
    "type": (TEXT | {"enum": ["daily", "weekly", "absoluteMonthly", "absoluteYearly"]}, "the step of the schedule"),
    "interval": (WHOLE, "so many days, weeks, months or years at a time; 1 without it"),
    "starts_at": (TEXT | {"format": "date-time"}, "when the series is first due; the task's due date without it"),
    "user": (TEXT, "a sign-in name or id"),
    "now": (TEXT | {"format": "date-time"}, "the moment, with its zone"),
    "advance_seconds": (NUMBER, "forward, or back when negative"),
    "frozen": (TRUTH, "true stops the clock, false lets it run on"),
    "app": (TEXT, "an app's client id; the service's own without it"),
    "grant": (TEXTS, "application permissions"),
    "revoke": (TEXTS, "application permissions"),
    "scopes": (TEXTS, "delegated permissions; of an app, the scopes of its own interface"),
    "roles": (TEXTS, "application permissions, or app roles"),
    "expires_in": (WHOLE, "seconds of real time"),
    "method": (TEXT, "an HTTP verb; any without it"),
    "path": (TEXT, "a regular expression found in the path below /v1.0; any without it"),
    "workload": (TEXT | {"enum": ["planner", "teams", "files", "directory"]}, "whose calls"),
    "times": (WHOLE, "how many calls"),
    "seconds": (NUMBER, "seconds of real time"),
    "retry_after": (TEXT | {"enum": ["whole", "fractional", "date", "none"]}, "the form of the header"),
    "value": (NUMBER, "seconds that Retry-After says"),
    "status": (WHOLE, "the HTTP status"),
    "code": (TEXT, "the error's code"),
    "message": (TEXT, "the error's text"),
    "as": (TEXT | {"enum": ["disconnect", "504"]}, "how the answer is lost"),
    "steps": (
        OBJECTS,
        "each {match: {method, path, workload}, count, probability?, then: {status, code, message, retry_after, "
        "seconds} or {lose} or {reset} or {delay_seconds, jitter_seconds} or {}}; a call suffers the first step that "
        "matches and is not used up; probabilities of steps for the same call add up; the request that carries a batch "
        "has to be named by a path such as '[$]batch'",
    ),
    "seed": (WHOLE, "chance is the same for the same seed and the same order of calls; 0 without it"),
    "fixed_ms": (NUMBER, "milliseconds for every request; a batch is one"),
    "jitter_ms": (NUMBER, "up to so many milliseconds more, at random"),
    "form_id": (TEXT, "Forms' id of the form"),
    "slug": (TEXT, "the name in the page's address: a-z, 0-9, _ and -"),
    "title": (TEXT, "the title"),
    "mail_nickname": (TEXT, "the group that owns it"),
    "questions": (
        OBJECTS,
        "key ('r' and 32 hex digits), title, type (text, long_text, choice, multi_choice, date, number, file, rating), "
        "required?, choices?, subtitle?, stop_value?, stop_message?, show_if? {key, value}",
    ),
    "anonymous": (TRUTH, "true: nobody's name is recorded"),
    "workbook": (OBJECT, "{path} in the group's library"),
    "flow": (OBJECT, "as for POST forms/{slug}/flow"),
    "mode": (TEXT, "forms: list, http or off; workflows: normal, late, never or fail"),
    "list": (OBJECT, "site_id, list_id, columns?"),
    "http": (OBJECT, "url, key_header?, key?"),
    "copies": (WHOLE, "how often each response is delivered"),
    "delay_seconds": (NUMBER, "how late, in seconds of real time"),
    "retry_seconds": (NUMBER, "the first pause between tries"),
    "next": (WHOLE, "for so many responses from now on"),
    "drop": (TRUTH, "true: never delivered"),
    "paused": (TRUTH, "true holds new rows back"),
    "responder": (TEXT, "a sign-in name"),
    "answers": (OBJECT, "by question key or title; a file is {name, text or content_base64}"),
    "submitted_at": (TEXT | {"format": "date-time"}, "the moment, with its zone"),
    "wait": (TRUTH, "answer only when the flow has ended"),
    "name": (TEXT, "a name"),
    "team_id": (TEXT, "a team's id, which is its group's"),
    "channel_id": (TEXT, "a channel's id"),
    "client_id": (TEXT, "an app's client id; a new one without it"),
    "display_name": (TEXT, "the name that people see"),
    "public": (TRUTH, "true: the app proves itself with nothing"),
    "secrets": ({"type": "array"}, "each the text of a secret, or {value, expires_at}"),
    "certificates": (TEXTS, "each a certificate as PEM"),
    "redirect_uris": (TEXTS, "where answers may go; on http to this machine the port does not count"),
    "identifier_uris": (TEXTS, "names of the app's own interface; api://<client id> without it"),
    "app_roles": (TEXTS, "roles that people may be given"),
    "id_token_from_authorize": (TRUTH, "true: the authorize address may answer with an id token"),
    "permissions": (OBJECT, "{application: [...], delegated: [...]} that an administrator consented to"),
    "forget_old": (TRUTH, "true: tokens under the keys before are refused from now on"),
}


def switch_fields() -> dict[str, Json]:
    """Every switch as a property."""
    kinds = {bool: TRUTH, int: WHOLE, float: NUMBER, str: TEXT}
    return {
        name: kinds[type(default)] | {"default": default, "description": meaning}
        for name, default, meaning in Switches.meanings()
    }
