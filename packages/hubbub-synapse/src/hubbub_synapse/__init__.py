# SPDX-License-Identifier: AGPL-3.0-or-later
"""hubbub's module for Synapse: it counts what is sent, and shares that as far as people agreed."""

from hubbub_synapse.module import HubbubModule

__all__ = ["HubbubModule"]
