"""The settings of the service's parts, a module a part; ``service.config`` puts them together.
Nothing is read here.
"""
