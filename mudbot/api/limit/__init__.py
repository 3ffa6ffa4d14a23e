"""Who may call when: the queue, and every limit before the API."""
