"""Code is named as ``module:function``, and the application's own is separated from libraries."""

import json
import sys

import pytest

from telemetry import guard
from telemetry.hub.code_names import (
    MOST_CODES,
    MOST_LABEL_LENGTH,
    CodeNames,
    culprit_of,
    frames_that_ran,
    own_lines,
)
from tests.telemetry.hub.stacks import stack_of_labels


def place_of(names, function, *args, **more):
    """The place of a function that calls back."""
    found = []
    function(*args, lambda *_: found.append(names.place(sys._getframe(1))), **more)
    return found[0]


def here(callback):
    callback()


def test_own_code_is_what_is_not_installed_nor_of_the_standard_library_nor_of_this_layer():
    names = CodeNames()
    own = place_of(names, here)
    assert own.name.label == f"{__name__}:here"
    assert own.name.own
    assert str(own) == f"{__file__}:{here.__code__.co_firstlineno + 1} here"


def code(source, file, module):
    frames = []
    scope = {"__name__": module, "keep": lambda: frames.append(sys._getframe(1))}
    exec(compile(source, file, "exec"), scope)
    scope["f"]()
    return frames[0]


@pytest.mark.parametrize(
    ("file", "module", "own"),
    [
        ("/srv/shop/cart.py", "shop.cart", True),
        ("/usr/lib/python3/dist-packages/lib.py", "lib", False),
        ("/srv/.venv/lib/python3.11/site-packages/lib/a.py", "lib.a", False),
        ("<string>", "made", False),
        ("<frozen importlib._bootstrap>", "importlib", False),
        (json.__file__, "json", False),
        (guard.__file__, "telemetry.guard", False),
    ],
)
def test_file_decides(file, module, own):
    frame = code("def f():\n keep()", file, module)
    assert CodeNames().place(frame).name.own is own


def test_setting_decides_where_it_is_set():
    names = CodeNames(["shop", "tools.reports"])
    for module, own in [
        ("shop", True),
        ("shop.cart", True),
        ("shopping", False),
        ("tools.reports", True),
        ("tools", False),
    ]:
        frame = code("def f():\n keep()", "/srv/site-packages/x.py", module)
        assert names.place(frame).name.own is own, module


def test_label_is_bounded():
    frame = code("def f():\n keep()", "/srv/x.py", "m" * 300)
    assert len(CodeNames().place(frame).name.label) == MOST_LABEL_LENGTH


def test_names_are_bounded():
    names = CodeNames()
    for _ in range(MOST_CODES + 10):
        names.place(code("def f():\n keep()", "/srv/x.py", "m"))
    assert len(names._names) <= MOST_CODES


@pytest.mark.parametrize(
    ("labels", "culprit"),
    [
        (
            ["gunicorn.app:run", "shop.views:show", "shop.cart:total", "lib.json:dumps"],
            "shop.cart:total",
        ),
        (["gevent.pool:run", "lib.http:handle", "lib.json:dumps"], "lib.http:handle"),
        (["gevent.hub:run"], "gevent.hub:run"),
    ],
)
def test_culprit_is_the_innermost_own_code_or_else_the_outermost_library(labels, culprit):
    assert culprit_of(stack_of_labels(*labels)) == culprit


def test_own_lines_are_the_innermost_own_ones():
    frames = stack_of_labels("gevent:a", "shop:b", "lib:c", "shop:d", "shop:e")
    assert len(own_lines(frames, 2)) == 2
    assert len(own_lines(frames, 9)) == 3
    assert len(own_lines(stack_of_labels("gevent:a", "lib:c"), 9)) == 2


def test_function_that_was_just_called_has_not_run():
    names = CodeNames()
    found = []

    def tracer(frame, event, _):
        if event == "call" and frame.f_code is here.__code__:
            found.append(names.place(frame))

    sys.settrace(tracer)
    here(lambda: found.append(names.place(sys._getframe(1))))
    sys.settrace(None)
    called, ran = found
    assert (called.has_run, ran.has_run) == (False, True)
    assert frames_that_ran((ran, called)) == (ran,)
    assert frames_that_ran((called,)) == (called,)
    assert frames_that_ran(()) == ()
