"""What is wrong with a graph: SHACL validation, OWL 2 DL profile and reasoning with HermiT (floor 3)."""
