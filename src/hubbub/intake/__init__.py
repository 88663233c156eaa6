"""Intake: what arrives, parsed once at the door. One adapter a wire format; a refusal says why."""
