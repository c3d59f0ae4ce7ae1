"""How trained models come to be: from folders of pictures to checkpoints."""
