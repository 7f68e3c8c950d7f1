"""All steps but `estimate`, one module for each noun; each is imported when it is first used."""
