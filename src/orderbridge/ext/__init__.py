"""What fits a bridge into others' frameworks; each part needs no more than it names."""

__all__: list[str] = []
