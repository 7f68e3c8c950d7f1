"""Images: named, versioned sets of software that notebooks, jobs and endpoints run in."""
