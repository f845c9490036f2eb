package cert

// adopt does nothing: a new file inherits the rights of its folder.
func adopt(string) error { return nil }
