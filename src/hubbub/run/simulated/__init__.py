"""A simulated city: residents live weeks on the places of a map, and their phones tell."""
