"""HTTP/1.1 as each of our servers reads it: one set of rules for heads and for chunked bodies.

gunicorn's worker, the standalone server and the management port refuse the same bytes with the same
status and the same words. Nothing here opens a socket or knows an app.

Source: RFC 9110 (semantics), RFC 9112 (HTTP/1.1).
"""
