"""Which pages has the console? One file a page; each is a router."""
