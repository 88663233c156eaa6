"""What is measured, not promised: run by `make bench`."""
