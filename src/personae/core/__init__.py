"""What things are: frozen typed records. No I/O, no clock, no randomness."""
