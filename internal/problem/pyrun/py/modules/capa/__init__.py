"""What scripts import from Open edX's own packages: correctmap and util."""
