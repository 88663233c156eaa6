"""What a crowd gives back. Each product is pure, and independent of the others."""
