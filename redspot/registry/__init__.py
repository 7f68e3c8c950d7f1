"""Models, their versions, and what of them is deployed where: rules and ports."""
