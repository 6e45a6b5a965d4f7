"""A small Microsoft 365 tenant in memory: Graph, sign-in, Teams, Planner, SharePoint and Forms over plain HTTP."""
