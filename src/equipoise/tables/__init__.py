"""What a table is: its schema, its labels, its coded and encoded forms, and its files."""
