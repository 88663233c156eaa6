"""What leaves the house: HTTP, tiles and pages. It takes what was released, or a person's own."""
