"""A Django project with stock Channels, as the tutorials and their readers write it."""
