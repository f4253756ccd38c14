"""Questions: who is connected, how urban, which zone first, what to build, what to publish."""
