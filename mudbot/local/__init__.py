"""The embedded default: an OpenAI-compatible server over a small language model, a painter and a filter.

It needs neither a key nor a network.  Nothing here is imported by ``import mudbot``, and importing this package itself
loads none of its heavy parts: ``server`` holds what the application starts, ``models`` and ``download`` what the
command line offers for the model files.
"""
