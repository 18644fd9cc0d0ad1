"""An app whose routes are slow, each for a cause of its own.

The functions are what the layer has to name: ``tests.e2e.causes.app:compute`` holds the hub because
the request asks for that, and nothing else here does. A parameter ``after`` waits for another
request, so that a cause meets its victim whatever the machine does.
"""

import gc
import itertools
import os
import threading
import time
from collections import deque
from urllib.request import Request, urlopen

import gevent
from flask import Flask, Response, jsonify, request
from gevent import monkey
from pymongo import MongoClient

from telemetry import Telemetry

HELD_SECONDS = 0.6
BLOCK = b"x" * 65536

app = Flask(__name__)
telemetry = Telemetry.from_env()
telemetry.init_app(app)

completed = deque(maxlen=200)
telemetry.recorder.add_sink("completed", completed.append)


def client(variable, **options):
    """A client of the database that a variable names, observed by the layer."""
    return MongoClient(os.environ[variable], event_listeners=telemetry.mongo_listeners(), **options)


shop = client("SHOP_URI").shop
stock = client("STOCK_URI", maxPoolSize=1).stock
# Each command needs a new connection.
archive = client("ARCHIVE_URI", maxIdleTimeMS=1).archive

native_sleep = monkey.get_original("time", "sleep")
shared_lock, shared_rlock = threading.Lock(), threading.RLock()
heap = []


def in_flight(path):
    """How many requests for a path are in flight."""
    return sum(record.path == path for record in telemetry.recorder.in_flight)


@app.before_request
def wait_for_another():
    """Wait until requests for the path that ``after`` names are in flight: ``of`` ones, or one."""
    others = int(request.args.get("of", 1))
    while "after" in request.args and in_flight(request.args["after"]) < others:
        gevent.sleep(0.002)


@app.get("/who")
def who():
    return jsonify(pid=os.getpid(), port=telemetry.management.port)


@app.get("/completed/<request_id>")
def completed_request(request_id):
    """What the layer knows of a request that has ended."""
    found = next(one for one in completed if one.request_id == request_id)
    return jsonify(
        dominant=found.dominant_phase,
        phases=dict(found.phase_seconds),
        duration=found.duration_seconds,
        status=found.status,
        outcome=found.outcome,
    )


@app.get("/fail")
def fail():
    raise RuntimeError("as asked")


# --- the database ---------------------------------------------------------------------------------


@app.get("/warm")
def warm():
    """Find the servers, and connect to them."""
    for database in (shop, stock, archive):
        database.warm.find_one({})
    return "warm"


@app.get("/orders")
def orders():
    shop.orders.find_one({"customer": "Ada", "paid": True})
    return "found"


@app.get("/orders/count")
def count_orders():
    shop.orders.count_documents({"paid": False})
    return "counted"


@app.get("/stock/report")
def stock_report():
    stock.items.find_one({"left": 0})
    return "reported"


@app.get("/stock")
def stock_level():
    stock.items.find_one({"item": 7})
    return "found"


@app.get("/archive")
def read_archive():
    archive.letters.find_one({"year": 1999})
    return "found"


# --- others ---------------------------------------------------------------------------------------


@app.get("/prices")
def prices():
    url = os.environ["PRICES_URL"]
    with telemetry.http_client.http("GET", url, template="/prices") as call:
        with urlopen(Request(url, headers=call.headers)) as response:
            response.read()
        call.answered(response.status)
    return "priced"


# --- the hub --------------------------------------------------------------------------------------


@app.get("/compute")
def computing():
    compute(HELD_SECONDS)
    return "computed"


def compute(seconds):
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        sum(range(1000))


@app.get("/patient")
def patient():
    gevent.sleep(0.1)
    return "slept"


@app.get("/late")
def late():
    return "at once"


@app.get("/blocking")
def blocking():
    call_a_driver_in_c()
    return "returned"


def call_a_driver_in_c():
    native_sleep(HELD_SECONDS)


@app.get("/c-call")
def c_call():
    add_up(HELD_SECONDS)
    return "returned"


def add_up(seconds):
    """Hold the interpreter in one C call."""
    sum(itertools.repeat(1, round(seconds * ADDED_PER_SECOND)))


def added_per_second():
    """How many numbers a C call adds in a second."""
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        sum(itertools.repeat(1, 1_000_000))
        best = min(best, time.perf_counter() - began)
    return 1_000_000 / best


ADDED_PER_SECOND = added_per_second()


@app.get("/gil")
def beside_a_greedy_thread():
    monkey.get_original("_thread", "start_new_thread")(greedy_thread, ())
    gevent.sleep(0.02)
    return "slept"


def greedy_thread():
    add_up(HELD_SECONDS)
    # The call can be seen only when it has ended; a thread that is gone has no name.
    native_sleep(HELD_SECONDS)


@app.get("/heap")
def fill_heap():
    """Objects that each full collection has to visit."""
    heap.extend([{"name": [number]} for number in range(int(request.args["objects"]))])
    return "filled"


@app.get("/collect")
def collect():
    ends = time.perf_counter() + HELD_SECONDS
    while time.perf_counter() < ends:
        gc.collect()
    return "collected"


@app.get("/forget")
def forget_heap():
    heap.clear()
    return "empty"


@app.get("/nap")
def nap():
    gevent.sleep(0.2)
    return "slept"


@app.get("/throttled")
def throttled():
    ends = time.thread_time() + float(request.args["seconds"])
    while time.thread_time() < ends:
        sum(range(1000))
    return "computed"


# --- locks ----------------------------------------------------------------------------------------


@app.get("/lock/held")
def hold_lock():
    with shared_lock:
        gevent.sleep(HELD_SECONDS)
    return "held"


@app.get("/lock")
def need_lock():
    with shared_lock:
        return "had it"


@app.get("/rlock/held")
def hold_rlock():
    with shared_rlock:
        gevent.sleep(HELD_SECONDS)
    return "held"


@app.get("/rlock")
def need_rlock():
    with shared_rlock:
        return "had it"


# --- clients --------------------------------------------------------------------------------------


@app.get("/download")
def download():
    return Response((BLOCK for _ in range(400)), headers={"Content-Length": str(400 * len(BLOCK))})


@app.post("/upload")
def upload():
    return jsonify(received=len(request.get_data()))
