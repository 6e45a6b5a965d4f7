"""Every table of the database in one place, for whatever makes or compares them all."""

from store import cycle_tables, meeting_tables, quality_tables, tab_tables, tables

metadata = tables.metadata
MODULES = (tables, cycle_tables, quality_tables, tab_tables, meeting_tables)
"""Where the tables are: whoever imports this has them all in `metadata`."""
