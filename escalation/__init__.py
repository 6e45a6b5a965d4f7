"""When a task climbs and who is told: the policy's sweep, the cards, and the posters that carry them."""
