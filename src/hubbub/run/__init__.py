"""The shell: settings, wiring, clock, child processes. It reads as a list of what happens."""
