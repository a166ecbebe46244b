"""Reports: tables, figures and pages, made from stored predictions only."""
