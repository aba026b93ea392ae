"""What a lift would meet: said before anything is made."""
