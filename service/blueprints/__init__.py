"""The API's routes, by subject. A blueprint is made by a function that is handed what it needs;
routes know HTTP and nothing of MongoDB.
"""
