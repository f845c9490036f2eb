// Package schema holds the schema documents: the only home of types,
// defaults, ranges, words and keys of everything ftphost reads. It has no
// logic.
package schema

import "embed"

// FS holds the schema documents (*.xml), in IIS's schema language, the XML
// Schema generated from them (applicationHost.xsd), and in administration the
// documents of administration.config, whose sections belong in no other file.
//
//go:embed *.xml applicationHost.xsd administration/*.xml
var FS embed.FS
