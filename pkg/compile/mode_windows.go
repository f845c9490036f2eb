package compile

import "io/fs"

// othersMayRead is false: the mode of a file says nothing on Windows, where
// the access control list decides.
func othersMayRead(fs.FileInfo) bool { return false }
