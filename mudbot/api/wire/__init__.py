"""The edge to HTTP: requests out, replies in, every failure an error of ours."""
