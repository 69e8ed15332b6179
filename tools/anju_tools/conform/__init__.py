"""The conformance kit: plays the hub to a node, and nodes to a hub, and says which clause of SPEC.md does not hold."""
