"""How faithful synthetic rows are, between a floor and a ceiling, and how closely they copy."""
