"""The companion: members' conversations with a language model, and help lines in a crisis."""
