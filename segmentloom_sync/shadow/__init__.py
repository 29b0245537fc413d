"""A second build beside the live one, in the schema `S_plan`: what would be, or what should be."""
