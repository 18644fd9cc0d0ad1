"""The blog: published posts for readers, and the editor for their authors."""
