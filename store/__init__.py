"""Memory: SQLite on a laptop, PostgreSQL in production. The only package that speaks SQL to write."""
