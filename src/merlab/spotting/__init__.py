"""When a face moves and comes back: motion, its score, events, the timeline of an aligned video."""
