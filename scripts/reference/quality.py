"""QoE and smooth goodput of streams, token by token: no closed forms, nothing shared with disco."""

import dataclasses

import numpy as np

QUALITY = ["qoe.mean", "goodput.smooth"]
OFF = 5e-7  # disco takes 1 - QoE as linear between close knots


@dataclasses.dataclass(frozen=True)
class Quality:
    """How fast tokens follow, how fast people read, and when tokens are due."""

    tpot: tuple[float, float]  # seconds between tokens: server, device
    readers: list[tuple[float, float]]  # share, tokens per second
    ttft_target: float
    pace: float
    offset: float
    alpha: float
    timeout: float

    def stream(self, first: np.ndarray, tokens: int, endpoint: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean QoE over readers, and the benefit, of responses whose first token comes at `first`."""
        if tokens == 0:
            return np.ones(len(first)), np.zeros(len(first))
        j = np.arange(tokens)
        times = first[:, None] + j * self.tpot[endpoint]
        qoe = np.zeros(len(first))
        for share, pace in self.readers:
            # u_j = max(t_j, u_{j-1} + 1/r)
            read = np.maximum.accumulate(times - j / pace, axis=1) + j / pace
            ideal = self.ttft_target + j / pace
            late = np.maximum(0, read - ideal).sum(axis=1)
            whole = (read[:, -1:] - ideal).sum(axis=1)
            qoe += share * np.where(late > 0, 1 - late / np.where(late > 0, whole, 1), 1)
        idle = np.maximum(0, (times - self.offset - (j + 1) / self.pace).max(axis=1))
        return qoe, tokens - self.alpha * self.pace * np.minimum(idle, self.timeout)

    def columns(self, found, answers: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
        """Per action: both metrics of requests with these answers and their chances."""
        qoe = np.zeros(len(found.mean))
        benefit = -self.alpha * self.pace * self.timeout * found.failed
        for endpoint, wins in enumerate((found.server_wins, found.device_wins)):
            weights = np.where(wins, found.chances, 0.0)
            times, where = np.unique(found.times, return_inverse=True)
            where = where.reshape(found.times.shape)
            for tokens, share in answers.items():
                own = self.stream(times, tokens, endpoint)
                qoe += share * (weights * own[0][where]).sum(axis=1)
                benefit += share * (weights * own[1][where]).sum(axis=1)
        return qoe, benefit
