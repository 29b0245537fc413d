"""Keeps the lists of ad platforms equal to the audiences in the warehouse."""
