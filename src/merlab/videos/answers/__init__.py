"""Results as answers for the Micro-Expression Grand Challenges: tables of events, and replies to questions."""
