"""What can a program ask of the site? REST under /api/v1."""
