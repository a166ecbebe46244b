"""From the frames of a video to its result, part by part: faces followed, parts joined."""
