"""One small company's events and audiences, chosen for what engines tend to see differently."""
