"""What anybody can check: the promises, held up to the program that is installed here."""
