"""What is known: sources, readers, schemas, the region bundle and the synthetic sample region."""
