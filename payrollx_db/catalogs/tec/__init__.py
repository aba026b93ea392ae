"""TEC: what its domains share, and twenty-four domains that may live together, apart, or be handed over."""
