"""The viewer in front of fixed answers: every board and page, at one moment, with no backend.

``python -m tests.support.fixed_viewer --port N`` serves the committed bundle and boards through the
viewer's own server; in the place of Prometheus, Tempo, Loki, Alertmanager and the workers are
answers of the same shapes that are the same each time. What a panel gets depends on its title, its
unit and its thresholds, never on the text of its query: a query that changes moves no picture.
"""
