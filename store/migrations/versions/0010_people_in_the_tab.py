"""Sessions of people who are signed in to the tab, and which of its forms were sent already."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the two tables."""
    op.create_table(
        "web_sessions",
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_web_sessions"),
    )
    op.create_index("ix_web_sessions_ends_at", "web_sessions", ["ends_at"])
    op.create_table(
        "sent_forms",
        sa.Column("form_key", sa.String(64), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("form_key", name="pk_sent_forms"),
    )
    op.create_index("ix_sent_forms_sent_at", "sent_forms", ["sent_at"])


def downgrade() -> None:
    """Takes them away again."""
    op.drop_table("sent_forms")
    op.drop_table("web_sessions")
