"""From files to quads: which files make up a project, how they are read, what is computed from them."""
