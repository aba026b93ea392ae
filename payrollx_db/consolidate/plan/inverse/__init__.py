"""The way back of a plan: for each rule its inverse, for each legacy table how its rows are made of the target's."""
