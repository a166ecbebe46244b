"""Find faces, follow them, align them to the paper's layout, and divide them into the regions of the action units."""
