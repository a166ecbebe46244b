"""When a face moves and returns: motion, its score, events, the timeline of an aligned video."""
