"""What the tests share: starting the program, talking to it, waiting for it."""
