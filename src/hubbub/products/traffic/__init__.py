"""How fast the roads are, now and usually: from passes of phones to what a map shows."""
