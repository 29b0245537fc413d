"""What people asked of their data, and who may therefore not be sent."""
