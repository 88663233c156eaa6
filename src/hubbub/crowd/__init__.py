"""GATE 2: what is true of a crowd may leave; what is true of a person may not."""
