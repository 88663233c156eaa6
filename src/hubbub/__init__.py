"""hubbub: people share data under a deal, and get back what is true of a crowd."""
