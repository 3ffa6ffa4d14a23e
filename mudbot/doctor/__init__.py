"""Looks whether everything is as a bot needs it, before it runs or while it does; what is wrong comes with its remedy.

``finding`` what was found · ``examine`` all checks together · ``settings`` configuration and keys · ``reach`` MUDs, the
API, the clock · ``files`` disk, permissions, the model's file · ``bot`` whether one runs already.
"""
