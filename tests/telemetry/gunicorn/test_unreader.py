"""What was received is read as from gunicorn's own unreader."""

from gunicorn.http.unreader import SocketUnreader
from hypothesis import given
from hypothesis import strategies as st

from telemetry.gunicorn.unreader import BytesUnreader


class Sender:
    """A socket on which pieces arrive."""

    def __init__(self, pieces):
        self.pieces, self.asked = list(pieces), []

    def recv(self, size):
        self.asked.append(size)
        if not self.pieces:
            return b""
        piece = self.pieces[0][:size]
        self.pieces[0] = self.pieces[0][size:]
        if not self.pieces[0]:
            del self.pieces[0]
        return piece


SIZES = st.none() | st.sampled_from([-1, 0, 1, 3, 10, 10_000])
CALLS = st.lists(
    st.tuples(st.just("read"), SIZES, SIZES)
    | st.tuples(st.just("unread"), st.binary(max_size=5))
    | st.tuples(st.just("take_buffered")),
    max_size=10,
)


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=5), CALLS)
def test_reads_are_those_of_gunicorn(pieces, calls):
    found = []
    for kind in (BytesUnreader, SocketUnreader):
        sender = Sender(pieces)
        unreader = kind(sender)
        returned = [getattr(unreader, name)(*args) for name, *args in calls]
        found.append((returned, sender.asked, unreader.take_buffered()))
    assert found[0] == found[1]


def test_bytes_before_a_broken_connection_are_kept():
    class Broken(Sender):
        def recv(self, size):
            if not self.pieces:
                raise ConnectionResetError
            return super().recv(size)

    unreader = BytesUnreader(Broken([b"ab"]))
    try:
        unreader.read(5)
    except ConnectionResetError:
        assert unreader.held == b"ab"
