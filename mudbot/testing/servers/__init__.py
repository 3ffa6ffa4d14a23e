"""Real servers for tests: installed into a folder of their own on first use, started on free ports of loopback."""
