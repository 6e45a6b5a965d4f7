"""Planner: plans, buckets, tasks; etags with a history of each property."""
