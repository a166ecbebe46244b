"""How far coders agree: on which events there are, on their frames, their labels and their action units."""
