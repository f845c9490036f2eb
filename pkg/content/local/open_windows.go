package local

// Opening a file never waits on Windows, and a Root opens no devices.
const (
	openFlags     = 0
	openDirectory = 0
)
