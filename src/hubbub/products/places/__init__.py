"""Places: what there is in the city, and when it is open. Public: no row about a person is read."""
