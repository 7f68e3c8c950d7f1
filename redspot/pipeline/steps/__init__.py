"""Steps beyond the first five, one module for each noun; each is imported when it is first used."""
