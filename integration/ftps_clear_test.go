//go:build integration

package integration_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestFTPSClearCommandChannel: curl goes back to clear text after the login,
// waiting for the server to end TLS or ending it itself.
func TestFTPSClearCommandChannel(t *testing.T) {
	t.Parallel()
	s := secureServer(t, `controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow"`, `controlChannelPolicy="SslRequireCredentialsOnly" dataChannelPolicy="SslRequire"`)
	local := randomFile(t, "up.bin", 300_000)
	for _, mode := range []string{"active", "passive"} {
		for _, version := range []string{"--tlsv1.3", "--tls-max=1.2"} {
			t.Run(mode+" "+version, func(t *testing.T) {
				args := append([]string{"--ssl-reqd", "--insecure", "--ftp-ssl-ccc", "--ftp-ssl-ccc-mode", mode}, strings.Split(version, "=")...)
				_, talk := mustCurl(t, "user1", append(args, "--upload-file", local, s.url("127.0.0.1", "/ccc.bin"))...)
				sameFile(t, filepath.Join(content(s.home), "ccc.bin"), local)
				want(t, "curl", talk, "> CCC\r\n", "< 200 CCC command successful.\r\n", "< 226 Transfer complete.")
				out, _ := mustCurl(t, "user1", append(args, s.url("127.0.0.1", "/ccc.bin"))...)
				if out != readText(t, local) {
					t.Errorf("%d other bytes came back", len(out))
				}
			})
		}
	}
}
