"""How the embedded networks are made: data, networks, training, export. Needs PyTorch; never shipped."""
