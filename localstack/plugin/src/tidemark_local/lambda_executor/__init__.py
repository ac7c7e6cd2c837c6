"""Runs Lambda functions as processes of this host."""
