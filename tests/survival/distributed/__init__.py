"""What must survive where the engine is made of many processes and two servers."""
