"""What surrounds a node and its worker while payments are measured."""
