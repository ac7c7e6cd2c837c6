"""AWS Glue data catalogue."""
