"""MongoDB: the connection, and stores that several rooms share."""
