"""Radio: how much of a signal is lost on its way, and how sure that makes the coverage of a place."""
