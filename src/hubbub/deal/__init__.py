"""Gate 1, the deal: what people were told, what they agreed to, what may be read because of it."""
