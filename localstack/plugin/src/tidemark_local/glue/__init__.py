"""LocalStack's Glue catalog: moto's, with the gaps closed that readers of the catalog fall into."""
