"""What runs in an interpreter besides scripts: see prologue."""
