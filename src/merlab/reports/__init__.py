"""Reports: tables, figures and pages, made from stored predictions and nothing else."""
