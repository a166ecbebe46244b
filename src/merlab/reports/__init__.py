"""Reports: tables, figures and pages, drawn from stored predictions and nothing else."""
