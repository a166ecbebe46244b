"""Any video becomes a result: chunks, the faces in them, events, evidence, output."""
