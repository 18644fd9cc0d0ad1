"""Files as common programs write them, files that pretend, and libraries that detect types.

``accepted`` and ``refused`` are also the samples of the tests of files. ``python -m
bench.file_types`` compares the service's detection with libraries made for it.
"""
