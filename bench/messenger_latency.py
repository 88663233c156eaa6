"""Measures what the module costs who sends: two homeservers side by side, with it and without.

    python -m bench.messenger_latency [COUNT]

Each message is sent to both, one right after the other, in an order that a coin decides: what the
machine does otherwise falls on both alike. Gives the ratio of the medians and of the means, and
between what lies 95 % of the ratios of resampled pairs. What shares does so every two seconds here,
and not once an hour, so the module works more than it does at home.
"""

import json
import secrets
import statistics
import sys
import time
from typing import Final

import httpx

from bench.messenger_world import CLIENT, World, world

RESAMPLED: Final = 2_000
WARM: Final = 50


class Side:
    """One homeserver, somebody on it, and a connection that stays open."""

    def __init__(self, there: World) -> None:
        self._who = there.writer("ann")
        self._room = there.room(self._who)
        self._client = httpx.Client(base_url=there.url, timeout=60)

    def send_s(self) -> float:
        """Send a message, and tell how long that took."""
        path = f"{CLIENT}/rooms/{self._room}/send/m.room.message/{secrets.token_hex(8)}"
        headers = {"Authorization": f"Bearer {self._who.token}"}
        began = time.perf_counter()
        answer = self._client.put(path, json={"msgtype": "m.text", "body": "x"}, headers=headers)
        took_s = time.perf_counter() - began
        answer.raise_for_status()
        return took_s

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def main() -> None:
    """Send COUNT messages to each, and tell the ratio as JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with world(period_s=2) as having, world(module=False) as lacking:
        sides = (Side(having), Side(lacking))
        for _ in range(WARM):
            for side in sides:
                side.send_s()
        pairs = [_pair(*sides) for _ in range(count)]
        for side in sides:
            side.close()
    print(json.dumps(_told(pairs), indent=2))


def _pair(having: Side, lacking: Side) -> tuple[float, float]:
    """Send to both, in either order: how long each took, with the module first."""
    if secrets.randbits(1):
        first = having.send_s()
        return first, lacking.send_s()
    second = lacking.send_s()
    return having.send_s(), second


def _told(pairs: list[tuple[float, float]]) -> dict[str, object]:
    dice = secrets.SystemRandom()
    resampled = sorted(_ratio(dice.choices(pairs, k=len(pairs))) for _ in range(RESAMPLED))
    low, high = (resampled[int(RESAMPLED * part)] for part in (0.025, 0.975))
    having, lacking = zip(*pairs, strict=True)
    return {
        "messages_each": len(pairs),
        "median_ms": [round(statistics.median(each) * 1000, 2) for each in (having, lacking)],
        "ratio_of_medians": round(_ratio(pairs), 4),
        "between": [round(low, 4), round(high, 4)],
        "ratio_of_means": round(statistics.mean(having) / statistics.mean(lacking), 4),
    }


def _ratio(pairs: list[tuple[float, float]]) -> float:
    having, lacking = zip(*pairs, strict=True)
    ratio: float = statistics.median(having) / statistics.median(lacking)
    return ratio


if __name__ == "__main__":
    main()
