"""What makes a character: persona, context, the check of its answers, and the order in which they are used."""
