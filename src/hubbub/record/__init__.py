"""The record: where rows rest, read only through the deal. The engines live here."""
