"""What each panel says of itself, one module a board.

Apart from the layout, so that it can be read through as a text.
"""
