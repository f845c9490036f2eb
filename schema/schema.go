// Package schema holds the schema documents: the only home of types,
// defaults, ranges, words and keys of everything ftphost reads. It has no
// logic.
package schema

import "embed"

// FS holds the schema documents (*.xml), in IIS's schema language, and the XML
// Schema generated from them (applicationHost.xsd).
//
//go:embed *.xml applicationHost.xsd
var FS embed.FS
