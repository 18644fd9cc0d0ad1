"""The WSGI entry: ``gunicorn -c service/gunicorn_conf.py service.wsgi:app``.

The only module that has effects when it is imported: it makes the process cooperative before
anything else is loaded, reads the environment and builds the service. A setting that cannot be used
raises ``SettingError``: the worker logs it as one line and halts gunicorn, which would otherwise
start one worker after the other.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402

from service.bootstrap import build  # noqa: E402

app = build(os.environ).app
