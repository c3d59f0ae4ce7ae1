"""How trained models come to be: from folders of pictures to weights and their cards.

Nothing that runs for people imports it, and it needs more libraries than they do.
"""
