"""Tasks and Planner in step. The only writer of Planner; the board's people win where both changed a thing."""
