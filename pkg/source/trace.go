package source

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// place is a name in a folder that a path goes through.
type place struct {
	dir  string // without links
	name string // "" for everything in it
	// watched says that dir must be watched for the path: the name is a link,
	// missing, or the end. Other folders move rarely and say so themselves.
	watched bool
}

// maxLinks is how many links a path may go through, as on Linux.
const maxLinks = 40

// trace follows an absolute path name by name, through every link, as far as
// it exists. The last place is the end of the path, or what is missing.
func trace(path string) []place {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	dir, rest := root, names(path)
	places := []place{{dir: root}}
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		full := filepath.Join(dir, name)
		info, err := os.Lstat(full)
		if err != nil {
			return append(places, place{dir, name, true})
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			places = append(places, place{dir, name, len(rest) == 0})
			dir = full
			continue
		}
		places = append(places, place{dir, name, true})
		target, err := os.Readlink(full)
		if links++; err != nil || links > maxLinks {
			return places
		}
		if filepath.IsAbs(target) {
			dir = filepath.VolumeName(target) + string(filepath.Separator)
		}
		rest = append(names(target), rest...)
	}
	return places
}

// names splits a path; "." and empty names say nothing.
func names(path string) []string {
	path = strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(filepath.VolumeName(path)))
	var list []string
	for name := range strings.SplitSeq(path, "/") {
		if name != "" && name != "." {
			list = append(list, name)
		}
	}
	return list
}
