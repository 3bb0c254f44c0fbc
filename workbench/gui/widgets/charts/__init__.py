"""Charts that paint themselves, and the cards around them."""
