package internal

// Lookup returns a label's value, and whether there is one.
func (l MapLabels) Lookup(key string) (string, bool) {
	value, found := l[key]
	return value, found
}
