"""Read a table of any format as text cells: CSV, TSV, spreadsheets of Excel and OpenDocument, Parquet."""
