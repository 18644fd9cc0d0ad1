"""The telemetry layer: what any Flask, gevent and pymongo service can install to explain itself."""
