"""CloudFormation resource types that LocalStack lacks, and updates that its own types lack."""
