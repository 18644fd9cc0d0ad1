"""A ``Keeping`` that decides as a test wants."""

from telemetry.tracing.decision import HeadDecision, Verdict


class Decides:
    """Gives each trace the head and the verdict of the test, and records what it was given.

    Without a verdict the head decision stands.
    """

    def __init__(self, *, head=False, verdict=None, records=True, state=""):
        self._head = HeadDecision(head, "ratio" if head else "not_kept", state, records)
        self.verdict = verdict
        self.begun = []
        self.ends = []

    def head(self, trace_id, parent_sampled, trace_state, *, remote=True, debug=""):
        self.begun.append((trace_id, parent_sampled, trace_state, remote))
        return self._head

    def end(self, head, trace_id, spans, route, outcome, failed, slow):
        self.ends.append((spans, route, outcome, failed, slow))
        return self.verdict or Verdict(head.kept, head.decision, head.trace_state)


FAILED = Verdict(True, "failed", "ot=th:0")
NOT_KEPT = Verdict(False, "not_kept")
