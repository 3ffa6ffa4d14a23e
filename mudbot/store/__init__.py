"""What is kept: memory, pictures, decisions, calls."""
