"""What ours is measured against, and the server that both talk to: programs that run in processes of their own."""
