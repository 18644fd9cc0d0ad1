"""The simulation against the measurements: the same loads, on the same number of workers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bench.capacity.figures import Curve, Figures, Outcome, Point, RouteCost
from bench.capacity.load import chosen
from bench.capacity.simulation import Server, Simulation

POOL: Final = 10
"""Connections of a worker in ``development``, as the stack runs (``MONGODB_MAX_POOL_SIZE``)."""
BUSY: Final = 0.9
"""Share of the offered load that is answered, below which a server is taken for full."""
TIGHT: Final = 0.7
"""Share of the machine's cores in use from which on a median depends on who runs when."""

FULL_RATE: Final = 1000.0
FULL_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Compared:
    """One load, measured and simulated."""

    workers: int
    measured: Point
    simulated: Outcome
    cores: int

    @property
    def throughput_error(self) -> float:
        """Of answers a second, as a share of those measured."""
        return self.simulated.answered / self.measured.answered - 1.0

    @property
    def p50_error(self) -> float:
        """Of the median latency, as a share of that measured."""
        return self.simulated.p50_ms / self.measured.p50_ms - 1.0

    @property
    def is_full(self) -> bool:
        """Whether the measured server could not answer what was offered."""
        return self.measured.answered < BUSY * self.measured.offered

    @property
    def is_tight(self) -> bool:
        """Whether the cores were nearly all in use."""
        one = self.measured
        return one.worker_cores + one.database_cores + one.load_cores >= TIGHT * self.cores


def compare(figures: Figures) -> tuple[Compared, ...]:
    """Return every measured load beside the simulated one."""
    return tuple(
        Compared(curve.workers, point, outcome, int(figures.machine["cores"]))
        for curve in figures.curves
        for point, outcome in zip(curve.points, curve.simulated, strict=True)
    )


def with_simulation(figures: Figures) -> Figures:
    """Return figures with a simulation of every measured load, and of cores that nobody shares."""
    curves = tuple(
        replace(
            curve,
            simulated=tuple(
                simulated(figures, curve, number) for number in range(len(curve.points))
            ),
        )
        for curve in figures.curves
    )
    return replace(
        figures,
        curves=curves,
        unshared=tuple(unshared(figures, curve.workers) for curve in figures.curves),
    )


def simulated(figures: Figures, curve: Curve, number: int) -> Outcome:
    """Simulate one measured load, with its seed."""
    point = curve.points[number]
    server = server_of(figures, curve.workers, point)
    arrivals = arrivals_of(figures.routes, point.offered, curve.seconds, number)
    return Simulation(server, arrivals, curve.seconds).run()


def unshared(figures: Figures, workers: int) -> Outcome:
    """Simulate full workers with a core for everything: what they would answer on servers."""
    balance = tuple(1 / workers for _ in range(workers))
    server = Server(
        workers, cores=0, pool=POOL, balance=balance, idle_cores=figures.idle_worker_cores
    )
    arrivals = arrivals_of(figures.routes, FULL_RATE * workers, FULL_SECONDS, seed=1)
    return Simulation(server, arrivals, FULL_SECONDS).run()


def server_of(figures: Figures, workers: int, point: Point) -> Server:
    """Return the server on which a load was measured."""
    return Server(
        workers=workers,
        cores=int(figures.machine["cores"]),
        pool=POOL,
        balance=point.balance,
        load_us=load_us(figures),
        idle_cores=figures.idle_worker_cores,
        stretch=stretch(figures),
    )


def load_us(figures: Figures) -> float:
    """Return the processor time of the load for a request, from the lightest load."""
    point = figures.curves[0].points[0]
    return point.load_cores / point.answered * 1e6


def stretch(figures: Figures) -> float:
    """Return how much longer processor times are under load than at an easy pace.

    Two busy cores share caches and, on most clouds, one physical core. It is taken from one worker
    alone, at the heaviest load that it still answered; two and four workers are predicted.
    """
    one = next(curve for curve in figures.curves if curve.workers == 1)
    answered = [point for point in one.points if point.answered >= BUSY * point.offered]
    point = answered[-1] if answered else one.points[0]
    expected = sum(
        route.share * (route.hub_us + route.threads_us + route.database_us)
        for route in covered(figures.routes)
    )
    whole = sum(route.share for route in covered(figures.routes))
    used = point.worker_cores - figures.idle_worker_cores + point.database_cores
    return used / point.answered / (expected / whole) * 1e6


def covered(routes: Sequence[RouteCost]) -> list[RouteCost]:
    """Return the kinds of the open loads."""
    return [route for route in routes if route.in_loads and route.share]


def arrivals_of(
    routes: Sequence[RouteCost], rate: float, seconds: float, seed: int
) -> list[tuple[float, RouteCost]]:
    """Return the same arrivals as those of the load with this seed."""
    kinds = covered(routes)
    shares = [kind.share for kind in kinds]
    return [(at, kinds[which]) for at, which in chosen(shares, rate, seconds, seed)]
