"""The WSGI entry point: ``gunicorn -c service/gunicorn_conf.py service.wsgi:app``.

The only module whose import has effects: it monkey-patches the process before anything else is
loaded, reads the environment and builds the service. An invalid setting raises ``SettingError``:
the worker logs it in one line and stops gunicorn, which would otherwise restart workers forever.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402

from service.bootstrap import build  # noqa: E402

app = build(os.environ).app
