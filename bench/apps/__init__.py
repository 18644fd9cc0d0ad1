"""Small Flask apps to measure, each made by its module's ``create``, as gunicorn calls it.

Each imports no more than it needs: what an installed layer adds to a worker's memory is measured.
"""
