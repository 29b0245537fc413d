"""A realistic shop whose truth is known: who is who, so that what identity resolution finds can be judged."""
