"""A generated book of clients carried through real daily prices, every step by the product's own commands."""
