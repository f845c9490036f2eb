package vpath

import "strings"

// IsDevice reports whether Windows takes segment for a device: CON, NUL, COM1
// and their like, with any extension.
func IsDevice(segment string) bool {
	stem, _, _ := strings.Cut(segment, ".")
	stem = Fold(stem)
	switch stem {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	number, ok := strings.CutPrefix(stem, "com")
	if !ok {
		number, ok = strings.CutPrefix(stem, "lpt")
	}
	return ok && strings.Contains(" 0 1 2 3 4 5 6 7 8 9 ¹ ² ³ ", " "+number+" ") && number != ""
}
