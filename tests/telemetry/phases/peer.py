"""A process that answers after a pause, with the time at which it did: the truth about a wait.

``perf_counter`` is one clock for all processes of a Linux machine.
"""

import random
import socket
import sys
import threading
import time


def answer(connection):
    """Answer each 8 bytes with when they came and when the answer went, 20 bytes each."""
    with connection:
        while connection.recv(8, socket.MSG_WAITALL):
            came = time.perf_counter_ns()
            time.sleep(random.uniform(0.001, float(sys.argv[1])))
            connection.sendall(b"%020d%020d" % (came, time.perf_counter_ns()))


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
