"""How the models are trained: labelled pictures in, weights and a card out.

Nothing that runs for people imports it, and it needs more libraries than they do.
"""
