package xmldoc

// Bounds on what is read at all, so that a hostile file costs little.
const (
	// MaxSize is the largest document in bytes.
	MaxSize = 256 << 20
	// MaxDepth is how deep elements may nest; IIS's deepest path has nine.
	MaxDepth = 64
	// MaxNodes is how many elements, attributes, comments and stretches of
	// text a document may have together. Ten thousand sites need about one
	// million.
	MaxNodes = 8 << 20
	// MaxToken is the longest single name, value, comment or text in bytes.
	MaxToken = 16 << 20

	// maxAttributes bounds the search for doubles; the richest element of IIS
	// has about thirty attributes.
	maxAttributes = 512
	// maxQuoted is how many bytes of the file a message repeats at most.
	maxQuoted = 60
)

// clip shortens what a message repeats of a file.
func clip(b []byte) string {
	if len(b) <= maxQuoted {
		return string(b)
	}
	return string(b[:maxQuoted]) + "..."
}
