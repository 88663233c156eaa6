"""Places: what there is in the city, when it is open, and which visits pings tell of."""
