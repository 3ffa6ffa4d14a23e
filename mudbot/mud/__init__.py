"""What knows MUDs and nothing of plugins or models: the link, the text, the dialects, the gate, the session."""
