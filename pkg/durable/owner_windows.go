package durable

// Adopt does nothing: a new file inherits the rights of its folder.
func Adopt(string) error { return nil }
