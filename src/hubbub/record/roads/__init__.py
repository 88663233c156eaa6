"""A city's roads and map, built from an OpenStreetMap extract: nothing here is about people."""
