"""What is read of a table file that lists clips: its lines, their columns, the frames that each row names."""
