"""The hot reads as one would write them plainly with DRF: the rows are hoardrun's own."""
