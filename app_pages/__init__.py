"""One thin file a page of the planner's app."""
