"""Athena on one machine: Trino SQL compiled to DuckDB over the real objects in S3."""
