"""From a picture to what the networks see: decoding, cutting out, cropping, and the networks themselves."""
