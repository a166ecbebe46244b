"""Worker processes, and what each process may use of the machine: cores, memory, threads."""
