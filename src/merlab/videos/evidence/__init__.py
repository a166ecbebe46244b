"""What stands behind a class: the parts that moved, consistent action units, what the network looked at."""
