"""How the operational database came to be as it is: one module a step, run by Alembic in order."""
