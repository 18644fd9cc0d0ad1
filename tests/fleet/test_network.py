"""What network namespaces need is checked before anything is made."""

import os

import pytest

from stack.errors import StackError
from stack.fleet import network


def test_without_root_it_is_one_line(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(StackError) as caught:
        network.require()
    assert f"{caught.value}" == (
        "a fleet needs root, for network namespaces: run it as root, as CI does"
    )
