"""The AI companion's model behind its guards: time-outs, a circuit breaker, a bulkhead. Nothing here knows HTTP of ours."""
