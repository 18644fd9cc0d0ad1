"""Formats of files: each module decides from the bytes whether a file is of its formats.

A function takes the whole content, by position, and returns a media type, or ``""`` when the bytes
contradict the signature at their beginning. How much it reads is bounded.
"""
