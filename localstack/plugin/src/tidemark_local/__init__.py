"""The Tidemark plugin of LocalStack."""
