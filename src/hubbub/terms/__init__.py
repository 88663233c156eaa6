"""The words every room of the house uses. Nothing here imports anything of ours."""
