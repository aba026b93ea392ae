"""What may be done online, before anything is made for it: follow, fence, and follow back, database by database."""
