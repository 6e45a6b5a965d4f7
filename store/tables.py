"""All tables in one look. Times are UTC; JSON columns hold what no query needs to look into."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from store import append_only


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets time zones; this puts UTC back, and refuses a time without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

references = Table(
    "references",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("last_number", Integer, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", String(32), primary_key=True),
    Column("reference", String(20), nullable=False, unique=True),
    Column("unit", String(40), nullable=False),
    Column("pillar", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("band", String(20)),
    Column("is_open", Boolean, nullable=False, index=True),
    Column("raised_at", UtcDateTime, nullable=False, index=True),
    Column("due_at", UtcDateTime),
    Column("version", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("completed_at", UtcDateTime),
    Column("problem", Text, nullable=False, server_default=text("''")),
    Index("ix_tasks_unit_pillar_raised_at", "unit", "pillar", "raised_at"),
    Index("ix_tasks_problem_raised_at", "problem", "raised_at"),
    Index("ix_tasks_status_completed_at", "status", "completed_at"),
)

assessments = Table(
    "assessments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("assessment_id", String(32), nullable=False, unique=True),
    Column("task_id", String(32), nullable=False, index=True),
    Column("document", JSON, nullable=False),
)
append_only.guard(assessments, ("number", "assessment_id"))

escalations = Table(
    "escalations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("escalation_id", String(32), nullable=False, unique=True),
    Column("task_id", String(32), nullable=False, index=True),
    Column("trigger", String(40), nullable=False),
    Column("to_unit", String(40), nullable=False),
    Column("status", String(30), nullable=False, index=True),
    Column("forum", String(80), nullable=False, server_default=text("''"), index=True),
    Column("document", JSON, nullable=False),
    Column("came_at", UtcDateTime),
    Index("ix_escalations_to_unit_came_at", "to_unit", "came_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("source", String(40), nullable=False),
    Column("action", String(80), nullable=False),
    Column("object_ref", String(80), nullable=False, index=True),
    Column("changes", JSON, nullable=False),
    Column("correlation_id", String(40), nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("kind", String(20), info={"since": "0003"}),
    Column("on_behalf_of", String(200), info={"since": "0003"}),
    Column("recipient", String(200), info={"since": "0003"}),
)
append_only.guard(audit_log)

chain_heads = Table(
    "chain_heads",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("inbox_id", Integer, primary_key=True, autoincrement=True),
    Column("form", String(60), nullable=False),
    Column("response_id", String(60), nullable=False),
    Column("reference", String(20), nullable=False, index=True),
    Column("state", String(20), nullable=False, index=True),
    Column("encoding", String(20), nullable=False),
    Column("answers", JSON),
    Column("responder", String(200), index=True),
    Column("submitted_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("task_id", String(32)),
    Column("correlation_id", String(40), nullable=False),
    UniqueConstraint("form", "response_id"),
    Index("ix_inbox_response_id", "response_id"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("arrival_id", Integer, primary_key=True, autoincrement=True),
    Column("inbox_id", Integer, nullable=False, index=True),
    Column("door", String(20), nullable=False),
    Column("item", String(80), nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False),
    UniqueConstraint("inbox_id", "door", "item"),
)

held_items = Table(
    "held_items",
    metadata,
    Column("held_id", Integer, primary_key=True, autoincrement=True),
    Column("door", String(20), nullable=False),
    Column("item", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("content", JSON),
    Column("held_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("door", "item"),
)

stop_counts = Table(
    "stop_counts",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("reply_code", String(40), primary_key=True),
    Column("times", Integer, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("value", Text, nullable=False),
    Column("moved_at", UtcDateTime, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", Integer, primary_key=True, autoincrement=True),
    Column("event", String(40), nullable=False),
    Column("handler", String(60), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("in_doubt", Boolean, nullable=False),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("correlation_id", String(40), nullable=False),
    Column("urgency", Integer, nullable=False, server_default="2"),
    Index("ix_outbox_state_due_at", "state", "due_at"),
)

planner_links = Table(
    "planner_links",
    metadata,
    Column("link_id", String(32), primary_key=True),
    Column("task_id", String(32), nullable=False, index=True),
    Column("unit", String(40), nullable=False),
    Column("stay", Integer, nullable=False),
    Column("plan_id", String(40), nullable=False),
    Column("planner_task_id", String(40), unique=True),
    Column("state", String(20), nullable=False, index=True),
    Column("attempted_at", UtcDateTime),
    Column("task_etag", Text),
    Column("base", JSON),
    Column("service_block", Text),
    Column("links_shown", JSON),
    Column("last_seen", JSON),
    Column("newest_etag", Text),
    Column("newest_at", UtcDateTime),
    Column("revision", Integer, nullable=False, server_default="0"),
    Index("ix_planner_links_plan_id_state", "plan_id", "state"),
    UniqueConstraint("task_id", "unit", "stay"),
)

provisioned = Table(
    "provisioned",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("graph_id", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column("post_id", Integer, primary_key=True, autoincrement=True),
    Column("outbox_id", Integer, nullable=False, unique=True),
    Column("channel", String(60), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("task_id", String(32), nullable=False),
    Column("sent_again", Boolean, nullable=False),
    Column("posted_at", UtcDateTime, nullable=False),
    Column("escalation_id", String(32), index=True),
    Column("message_id", String(80)),
)

notices = Table(
    "notices",
    metadata,
    Column("notice_id", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(120), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("cleared_at", UtcDateTime),
)

remarks = Table(
    "remarks",
    metadata,
    Column("remark_id", Integer, primary_key=True, autoincrement=True),
    Column("task_id", String(32), nullable=False, index=True),
    Column("subject", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
)

board_polls = Table(
    "board_polls",
    metadata,
    Column("plan_id", String(40), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("wait_seconds", Integer, nullable=False),
    Column("looked_whole_at", UtcDateTime),
    Column("read_at", UtcDateTime),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("decision_id", String(32), nullable=False, unique=True),
    Column("decision_ref", String(20), nullable=False, unique=True),
    Column("task_id", String(32), nullable=False, index=True),
    Column("escalation_id", String(32), index=True),
    Column("meeting_ref", String(80), nullable=False, index=True),
    Column("unit", String(40), nullable=False, index=True),
    Column("decision_type", String(40), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False, index=True),
    Column("document", JSON, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

append_only.guard(decisions, ("number", "decision_id", "decision_ref"))

control_strategies = Table(
    "control_strategies",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("decision_ref", String(20), nullable=False, unique=True),
    Column("document", JSON, nullable=False),
)
append_only.guard(control_strategies, ("version", "decision_ref"))

intelligence_items = Table(
    "intelligence_items",
    metadata,
    Column("reference", String(20), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("unit", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("for_day", String(10), nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_intelligence_items_unit_state", "unit", "state"),
)

meetings = Table(
    "meetings",
    metadata,
    Column("meeting_ref", String(80), primary_key=True),
    Column("code", String(40), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False, index=True),
    Column("state", String(20), nullable=False, index=True),
    Column("document", JSON, nullable=False),
)

packs = Table(
    "packs",
    metadata,
    Column("pack_id", String(32), primary_key=True),
    Column("meeting_ref", String(80), nullable=False, index=True),
    Column("code", String(40), nullable=False),
    Column("as_at", UtcDateTime, nullable=False),
    Column("frozen_by", String(200), nullable=False),
    Column("document", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_packs_code_as_at", "code", "as_at"),
)
append_only.guard(packs, ("pack_id",))

offers = Table(
    "offers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("entry", String(40), nullable=False, unique=True),
    Column("offer_ref", String(20), nullable=False),
    Column("what", String(20), nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("document", JSON, nullable=False),
)
append_only.guard(offers, ("number", "entry"))

channel_health = Table(
    "channel_health",
    metadata,
    Column("channel", String(60), primary_key=True),
    Column("handed_over_at", UtcDateTime),
    Column("failed_at", UtcDateTime),
    Column("failure", Text),
    Column("canary_at", UtcDateTime),
    Column("seen_at", UtcDateTime),
)
