"""Commands of the command line, one module a topic; each has `register(app)`."""
