// Package sample holds the configuration that ftphost init starts a home
// with: two sites in the shape IIS writes them. It has no logic.
package sample

import _ "embed"

// ApplicationHost is the sample applicationHost.config. Where the thumbprint of
// a site's certificate belongs, serverCertHash has the site's name.
//
//go:embed applicationHost.config.sample
var ApplicationHost []byte

// FTPHost is the sample ftphost.config that maps the sample's drive.
//
//go:embed ftphost.config.sample
var FTPHost []byte
