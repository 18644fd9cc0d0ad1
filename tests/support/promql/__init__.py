"""PromQL as Prometheus itself parses it, and what a query's tree proves about it.

``tree`` names the nodes and their selectors, ``labels`` the labels of a result, ``dimensions`` its
unit. Nothing here knows a board.

Source: ``/api/v1/parse_query`` of Prometheus 3 (web/api/v1/translate_ast.go).
"""
