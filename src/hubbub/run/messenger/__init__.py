"""The messenger: a Matrix homeserver as a child process, and hubbub's side of it."""
