"""Other desks' ticket logs turned into histories of ours, by a mapping that a user can change."""
