"""What travels: requests and answers, one noun per file. They know neither SQL nor HTTP."""
