"""What a request spends its time in: phases that are true, disjoint and add up to its duration.

The hub of gevent is the one place where every wait begins and ends, so it is the only thing that is
instrumented: each wait is cut into the part until its greenlet could run again (the phase) and the
part until it did (``hub_wait``); what lies between two waits is ``cpu``. Nothing here blocks,
switches greenlets, raises into the application or grows with time.
"""

from telemetry.phases.hub_phases import HubPhases as HubPhases
from telemetry.phases.notified import stamp_notifications as stamp_notifications
