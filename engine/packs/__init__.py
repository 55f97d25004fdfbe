"""Model packs: what they hold, where their files come from, under which licence, and how they load."""
