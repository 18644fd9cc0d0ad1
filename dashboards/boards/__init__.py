"""The boards: every panel with its title, description, unit, thresholds, queries and position.

One package a board, one module a section of it: ``is_it_bad``, ``where``, and ``why`` or several.
A description states what the panel shows and what to do when its value is bad.
"""
