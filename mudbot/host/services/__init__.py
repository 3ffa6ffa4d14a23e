"""What a plugin is given: its MUD, models, a store, the web, texts."""
