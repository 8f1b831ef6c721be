"""What does each page show? Plain data, computed from the plan, the world and the store; no HTML and no requests."""
