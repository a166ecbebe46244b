"""The evidence of an event: the parts that moved, consistent action units, maps of the network."""
