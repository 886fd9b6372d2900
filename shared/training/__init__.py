"""Training: epochs that can be resumed to the bit, precision, learning rates, class weights."""
