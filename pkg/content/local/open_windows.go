package local

// Opening a file never waits on Windows, and a Root opens no devices. While a
// directory is open, none above it can be renamed.
const (
	openFlags     = 0
	openDirectory = 0
	keepsOpen     = false
)
