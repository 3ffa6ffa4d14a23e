"""What `mudbot plugin new` writes: a folder a template, each a plugin, its test and its settings.

They are read, never imported.  `sketch` and `Sketch` stand for the name of the plugin.
"""
