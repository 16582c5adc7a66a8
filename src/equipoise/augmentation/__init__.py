"""The augmented table: how many rows of which class, who makes them, and how they come behind the originals."""
