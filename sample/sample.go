// Package sample holds the configuration that ftphost init starts a home
// with: the guide's setting in the shape IIS writes it. It has no logic.
package sample

import _ "embed"

// ApplicationHost is the sample applicationHost.config.
//
//go:embed applicationHost.config.sample
var ApplicationHost []byte

// FTPHost is the sample ftphost.config that maps the sample's drive.
//
//go:embed ftphost.config.sample
var FTPHost []byte
