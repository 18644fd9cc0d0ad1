"""Ways to be a bad Collector, each a function of one accepted connection."""

import gevent


def hangs(connection):
    """Takes everything and never answers."""
    while connection.recv(65536):
        pass


def never_reads(connection):
    """Takes not even the request."""
    gevent.sleep(60)


def trickles(connection):
    """Answers a byte at a time, so that no single read takes long."""
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n" + b"x" * 600:
        connection.sendall(bytes([byte]))
        gevent.sleep(0.1)


def talks_forever(connection):
    """Never ends its answer."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
    while True:
        connection.sendall(b"x" * 1000)
        gevent.sleep(0.05)


def never_ends_its_headers(connection):
    """Sends one header after another."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: of the same\r\n")
        gevent.sleep(0.01)


def hangs_up(connection):
    """Closes before an answer."""
    connection.recv(65536)


def hangs_up_in_the_body(connection):
    """Closes in the middle of an answer."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def speaks_something_else(connection):
    """Answers, but not in HTTP."""
    connection.recv(65536)
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
