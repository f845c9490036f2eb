// Package auth proves who someone is: credentials go in, a Principal comes
// out. It never knows sites, files or the protocol.
package auth
