"""Kubernetes: what of deploy/kubernetes is generated, and a real control plane on this machine.

``python -m stack.cluster`` writes the generated files from the settings, the Collector's
configuration and the rules, so that no number and no expression has two homes. ``ControlPlane``
starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok's pretended nodes on
loopback; ``./serene kubernetes`` does that with one overlay applied. Nothing here reaches another
machine, and only processes that this package started are signalled.
"""
