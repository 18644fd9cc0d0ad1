"""Kubernetes: what of deploy/kubernetes is generated.

``python -m stack.cluster`` writes the generated files from the settings, the Collector's
configuration and the rules, so that no number and no expression has two homes.
"""
