package outcome

// Told reports whether the store tells of what becomes due.
func (d *Deliverer) Told() bool { return d.told.Load() }
